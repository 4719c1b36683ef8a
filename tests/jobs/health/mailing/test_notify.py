"""Which mails are due, what they say, and how they reach a real SMTP server."""

import argparse
import dataclasses
import datetime
import email
import email.policy

import pytest

from conf.settings import LakeSettings, MailSettings, ReportSettings, Settings
from jobs.health import notify
from jobs.health.mailing import day_letter, sent, week_letter
from jobs.health.mailing.day_letter import MailedDay, failing, step_log
from jobs.health.mailing.sent import Mailed
from jobs.health.mailing.smtp import NotSent
from jobs.health.mailing.week_letter import sparkline
from jobs.health.monitoring import step_figures
from jobs.health.monitoring.finding import Finding
from jobs.runtime.command import Job
from lake.access import Lake
from lake.layout import log_file, report_file
from tests.jobs.health.mailing.smtp import Mailbox
from tests.ports import free_port

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH")  # where TLS is there from the start

SUNDAY = datetime.date(2024, 3, 3)
MONDAY = datetime.date(2024, 3, 4)
FOUND = Finding("quarantined_share", "users", "warning", "Quarantine of users: 9.0% where 1.0% is usual", "make sql")
WELL = MailedDay(MONDAY, 1, False, [], [], {}, {}, [], None)
WRONG = dataclasses.replace(WELL, findings=[FOUND])
FAILED = dataclasses.replace(WELL, revision=-1, failing=[("CleanTracks", "no space")])


def kinds(seen, mail=None, before=()):
    return [each.kind for each in notify.due(seen, mail or MailSettings(recipients="a@b.org"), set(before))]


@pytest.mark.parametrize(
    ("when", "of"),
    [("wrong", [0, 1, 1]), ("always", [1, 1, 1]), ("never", [0, 0, 0])],
    ids=["wrong", "always", "never"],
)
def test_the_setting_says_which_days_are_mailed(when, of):
    mail = MailSettings(recipients="a@b.org", when=when)
    assert [len(kinds(seen, mail)) for seen in (WELL, WRONG, FAILED)] == of


def test_the_week_is_mailed_with_its_last_day_whatever_happened():
    assert kinds(dataclasses.replace(WELL, date=SUNDAY)) == ["week"]
    assert kinds(WELL) == []
    assert kinds(WELL, MailSettings(weekly="monday")) == ["week"]
    assert kinds(dataclasses.replace(WELL, date=SUNDAY), MailSettings(weekly="never")) == []


def test_the_same_is_mailed_once():
    assert kinds(FAILED, before=[Mailed("2024-03-04", "day", "failed CleanTracks")]) == []
    assert kinds(WRONG, before=[Mailed("2024-03-04", "day", "done 1")]) == []
    assert kinds(dataclasses.replace(WELL, date=SUNDAY), before=[Mailed("2024-03-03", "week", "")]) == []


def test_another_outcome_is_mailed():
    first = Mailed("2024-03-04", "day", "failed CleanTracks")
    assert kinds(dataclasses.replace(FAILED, failing=[("CleanUsers", "no")]), before=[first]) == ["day"]
    assert kinds(dataclasses.replace(WRONG, revision=2), before=[Mailed("2024-03-04", "day", "done 1")]) == ["day"]


def test_a_failure_that_is_the_same_night_after_night_is_mailed_once_more_and_says_so():
    again = dataclasses.replace(FAILED, again="the same on 3 nights running")
    first = Mailed("2024-03-04", "day", "failed CleanTracks")
    assert kinds(again, before=[first]) == ["day"]
    assert kinds(again, before=[first, Mailed("2024-03-04", "day", again.outcome)]) == []
    assert "no space. The cause is the same on 3 nights running. So far " in day_letter.sentence(again)


def test_nights_with_the_same_cause_are_read_from_the_ledger(tmp_path):
    lake, now = Lake(str(tmp_path)), datetime.datetime.now(datetime.UTC)
    for nights in range(3):
        run = attempt("CleanTracks", "failed", 2, error="no space", date=SUNDAY)
        run |= {"started_at": now - datetime.timedelta(days=2 - nights)}
        lake.append_rows([run], "runs", f"runs/{nights}")
        seen = day_letter.read(lake, SUNDAY)
        assert (seen.outcome, seen.again) == (
            ("failed CleanTracks again", "the same on 3 nights running") if nights == 2 else ("failed CleanTracks", "")
        )
    told = step_figures.causes(lake, SUNDAY)["steps_failed", "CleanTracks"]
    assert told == "no space (the same on 3 nights running)"


def test_who_was_told_of_a_failure_is_told_that_it_is_mended():
    assert kinds(WELL, before=[Mailed("2024-03-04", "day", "failed CleanTracks")]) == ["day"]


def test_a_day_that_is_not_over_is_mailed_only_where_it_failed():
    always = MailSettings(recipients="a@b.org", when="always", weekly="monday")
    assert kinds(dataclasses.replace(WRONG, partial=True), always) == []
    assert kinds(dataclasses.replace(FAILED, partial=True), always) == ["day"]


def attempt(task, status, hour, number=1, error=None, date=SUNDAY):
    started = datetime.datetime(2024, 3, 4, hour, tzinfo=datetime.UTC)
    return dict(date=date, task=task, status=status, attempt=number, started_at=started, error=error)


def test_a_step_fails_where_its_last_attempt_did_and_a_mail_is_no_step():
    runs = [
        attempt("CleanUsers", "done", 3),
        attempt("CleanUsers", "failed", 2, error="old"),
        attempt("CleanTracks", "done", 1),
        attempt("CleanTracks", "failed", 2, error="no space"),
        attempt("Recommend", "killed", 2),
        attempt("Notify", "failed", 4, error="refused"),
    ]
    assert failing(runs) == [("CleanTracks", "no space"), ("Recommend", "the attempt was killed")]


@pytest.fixture
def lake(tmp_path):
    """A week of which Saturday found something and Sunday promoted a model."""
    made = Lake(str(tmp_path))
    for number in range(7):
        date = SUNDAY - datetime.timedelta(days=6 - number)
        values = [("users_served", "", 1000.0 + number), ("quarantined_share", "users", 0.01)]
        rows = [dict(date=date, metric=metric, label=label, value=value) for metric, label, value in values]
        made.replace_rows(rows, "health", f"health/test/{date}", date=date)
        report = report_file(tmp_path, date)
        report.parent.mkdir(exist_ok=True)
        report.write_text(f'<meta name="revision" content="1"><p>report of {date}</p>')
    saturday = SUNDAY - datetime.timedelta(days=1)
    made.replace_rows([dict(date=saturday, **dataclasses.asdict(FOUND))], "findings", "findings/t/1", date=saturday)
    decided = [
        dict(date=SUNDAY, step="promote", decision="promote", reason="NDCG 0.2 <b>above</b> 0.1"),
        dict(date=SUNDAY, step="retrain", decision="train", reason="taste drifts"),
        dict(date=saturday, step="retrain", decision="keep", reason="nothing speaks for it"),
    ]
    for row in decided:
        name = f"decisions/{row['step']}/{row['date']}"
        made.replace_rows([row], "decisions", name, date=row["date"], step=row["step"])
    return made


def job(lake, mail, date=SUNDAY, base_url="", **flags):
    args = argparse.Namespace(**{"weekly": False, "once": False, "test": False, "revision": 1, **flags})
    return Job(date, Settings(lake=LakeSettings(root=lake.root), mail=mail, report=ReportSettings(base_url)), args)


def received(box):
    return [email.message_from_bytes(content, policy=email.policy.default) for _, _, content in box.mails]


def body(mail, kind):
    return mail.get_body((kind,)).get_content().replace("\r\n", "\n")


def test_a_weekly_mail_arrives_whole(lake, serve):
    box = Mailbox()
    notify.main(job(lake, serve(box, "starttls", login=True), weekly=True))
    [mail] = received(box)
    assert mail["Subject"] == "week to 2024-03-03: 7 of 7 days done; something to look at on 1 ..."
    text, html = body(mail, "plain"), body(mail, "html")
    course = next(line for line in text.splitlines() if line.startswith("users with a list"))
    assert course.split()[-8:] == ["▁▂▃▅▆▇█", *[f"{1000 + number:,}" for number in range(7)]]
    assert "▁▂▃▅▆▇█" in html
    assert html.count(">done") == 7
    assert "2024-03-02, warning: Quarantine of users: 9.0% where 1.0% is usual\n    make sql" in text
    decisions = text.partition("DECISIONS\n")[2].splitlines()[:2]
    assert decisions == [
        "- 2024-03-03, retrain: train, taste drifts",
        "- 2024-03-03, promote: promote, NDCG 0.2 <b>above</b> 0.1",
    ]
    assert "&lt;b&gt;above&lt;/b&gt;" in html
    [attached] = mail.iter_attachments()
    assert "report of 2024-03-03" in attached.get_content()


def test_a_week_names_the_days_that_failed_or_are_missing_and_not_those_before_the_first(lake):
    wednesday = MONDAY + datetime.timedelta(days=2)
    for early in range(4):
        report_file(lake.root, SUNDAY - datetime.timedelta(days=6 - early)).unlink()
    lake.append_rows([attempt("CleanTracks", "failed", 1, date=MONDAY)], "runs", "runs/a")
    report_file(lake.root, wednesday).touch()
    seen = week_letter.read(lake, wednesday)
    assert seen.ends == ["-", "done", "done", "done", "failed", "missing", "done"]
    assert week_letter.sentence(seen) == (
        "4 of 6 days done; failed: Monday; missing: Tuesday; something to look at on 1 of them."
    )


def test_a_daily_mail_has_the_figures_beside_the_day_before(lake, serve):
    box = Mailbox()
    notify.main(job(lake, serve(box), date=SUNDAY - datetime.timedelta(days=1), base_url="https://health.example.org/"))
    [mail] = received(box)
    assert mail["Subject"] == "2024-03-02: look at it today: Quarantine of users"
    text = body(mail, "plain")
    assert text.startswith("Look at it today: Quarantine of users; 1,005 users have lists")
    assert "- users with a list: 1,005 (1,004)" in text
    assert "- quarantined among the units fetched: users: 1.0% (1.0%)" in text
    assert "- retrain: keep, nothing speaks for it" in text
    assert "Report: https://health.example.org/2024-03-02.html" in text
    assert '<a href="https://health.example.org/2024-03-02.html">' in body(mail, "html")


def test_a_failed_day_is_mailed_with_its_cause_first_and_its_log(lake, serve):
    box = Mailbox()
    lake.append_rows([attempt("CleanTracks", "failed", 1, error="no space", date=MONDAY)], "runs", "runs/a")
    report_file(lake.root, MONDAY, partial=True).write_text("as far as it got")
    assert notify.main(job(lake, serve(box), MONDAY, once=True))["mails"] == ["day"]
    [mail] = received(box)
    assert mail["Subject"] == "2024-03-04: FAILED at CleanTracks"
    text = body(mail, "plain")
    assert text.startswith("The day failed at CleanTracks: no space. So far no recommendations were written.")
    assert f"less {lake.root}/logs/2024-03-04/day.log" in text
    [attached] = mail.iter_attachments()
    assert attached.get_content().strip() == "as far as it got"


def test_the_log_named_is_the_steps_own_where_it_has_one(tmp_path):
    log = log_file(tmp_path, MONDAY, "CleanTracks")
    log.parent.mkdir(parents=True)
    log.touch()
    assert step_log(str(tmp_path), MONDAY, "CleanTracks") == log
    assert step_log(str(tmp_path), MONDAY, "FetchTracks") == log.with_name("day.log")
    log.with_name("day.jsonl").touch()
    assert step_log(str(tmp_path), MONDAY, "FetchTracks") == log.with_name("day.jsonl")


def test_a_second_run_of_the_same_mails_nothing_again(lake, serve):
    box = Mailbox()
    mail = serve(box)
    assert [notify.main(job(lake, mail, once=True))["mails"] for _ in range(2)] == [["week"], []]
    assert len(box.mails) == 1


def test_a_mail_that_cannot_be_sent_is_recorded_and_tried_again(lake, serve):
    dead = MailSettings(recipients="a@b.org", port=free_port(), tls="none")
    with pytest.raises(NotSent):
        notify.main(job(lake, dead, once=True))
    [row] = lake.rows("runs", [("date", "=", SUNDAY)])
    assert (row["task"], row["status"]) == ("Notify", "failed")
    assert row["error"] == f"mail server 127.0.0.1:{dead.port}: connection refused"
    assert day_letter.read(lake, SUNDAY).failing == []
    for date in (SUNDAY, MONDAY):  # both dates' health tells of it
        assert step_figures.of_date(lake, date)["mail_failures", ""] == 1
    assert sent.read(lake.root) == set()
    assert notify.main(job(lake, serve(Mailbox()), once=True))["mails"] == ["week"]


def test_the_day_is_not_mailed_again_where_some_recipients_were_refused(lake, serve):
    box = Mailbox(refused=("owner@example.org",))
    mail = serve(box)
    with pytest.raises(NotSent, match=r"refused owner@example\.org"):
        notify.main(job(lake, mail, once=True))
    assert notify.main(job(lake, mail, once=True))["mails"] == []


def test_a_line_of_the_memory_that_was_cut_off_is_passed_over(tmp_path):
    sent.add(str(tmp_path), Mailed("2024-03-03", "week", ""), 2)
    with (tmp_path / "_mails.jsonl").open("a") as file:
        file.write('{"date": "2024-')
    assert sent.read(str(tmp_path)) == {Mailed("2024-03-03", "week", "")}


def test_a_test_mail_says_how_it_went(serve):
    box = Mailbox()
    mail = serve(box, "tls", login=True)
    said = notify.check(Settings(mail=mail))
    assert said.startswith(f"127.0.0.1:{mail.port}, TLSv1.")
    assert said.endswith(
        "logged in as pipeline took the mail for ops@example.org, owner@example.org; see whether it arrived"
    )
    assert "This is a test of the mail settings" in received(box)[0].get_body(("plain",)).get_content()


def test_a_figure_that_stands_still_is_drawn_low_and_one_that_is_missing_as_a_dot():
    assert sparkline([2, 2, None]) == "▁▁·"
    assert sparkline([None, None]) == "··"
    assert sparkline([0, 7, 14]) == "▁▅█"
