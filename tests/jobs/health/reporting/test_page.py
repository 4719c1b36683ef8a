import re
import xml.etree.ElementTree as ET

import pytest

from jobs.health.monitoring.finding import Finding
from jobs.health.overview import Listener
from jobs.health.reporting.page import page
from lake.layout import REPORT_HEAD, report_revision
from tests.jobs.health.reporting.days import (
    DAY,
    HOSTILE,
    NOTHING,
    NULLS,
    SETTINGS,
    SLOW,
    attempt,
    before,
    figure,
    overview,
    recorded,
    troubled,
)


def html(known=None, revision=1, previous=None, **changes):
    return page(overview(**changes), known or recorded({}), SETTINGS, revision, previous)


def text(page_):
    """What a reader sees of the page's body, on one line."""
    body = page_[page_.index("<body>") :]
    return " ".join(re.sub(r"<title>.*?</title>|<[^>]*>", " ", body, flags=re.DOTALL).split())


@pytest.fixture(scope="module")
def bad_day():
    return html(troubled())


def test_the_verdict_stands_first_as_a_word_and_a_sentence(bad_day):
    assert text(bad_day).split("All days ")[1].startswith("Act now favorite_genres of users is going null; live NDCG")
    assert bad_day.index("What needs attention") < bad_day.index("At a glance") < bad_day.index("Stability")


def test_each_finding_stands_with_the_command_that_helps(bad_day):
    cards = bad_day[bad_day.index("What needs attention") : bad_day.index("At a glance")]
    assert cards.count('class="card critical"') == 2
    assert cards.count('class="card warning"') == 1
    assert SLOW.text in cards
    assert re.findall(r'<pre class="command"[^>]*>(.*?)</pre>', cards)[2] == SLOW.command


def test_a_quiet_day_has_nothing_that_needs_attention():
    quiet = html(recorded())
    assert text(quiet).split("All days ")[1].startswith("All is well 1,1")
    assert "What needs attention" not in quiet
    assert 'class="verdict fine"' in quiet


def test_charts_of_what_is_flagged_come_first_in_their_group_and_carry_their_description(bad_day):
    data = bad_day[bad_day.index('id="data"') : bad_day.index('id="performance"')]
    labels = re.findall(r'<svg [^>]*role="img" aria-label="([^"]*)"', data)
    assert labels[0].startswith("Nulls: users.favorite_genres, 30 of the 30 days to 2024-03-14: 48.2% on the last")
    assert labels[0].endswith("marked: 2024-03-14 critical")
    assert "marked: 2024-03-06 warning" in labels[1]
    assert 'style="fill: var(--warning)' in data


def test_the_page_needs_nothing_from_anywhere_and_runs_nothing(bad_day):
    assert "<script" not in bad_day
    links = re.findall(r'(?:src|href)="([^"]*)"', bad_day)
    assert all(link == "index.html" or link.startswith("#c") for link in links)
    assert set(re.findall(r"https?://[^\"' <]*", bad_day)) <= {"http://www.w3.org/2000/svg"}
    assert "default-src 'none'" in bad_day


def test_no_two_charts_share_an_id_and_each_is_well_formed(bad_day):
    ids = re.findall(r' id="([^"]+)"', bad_day)
    assert len(ids) == len(set(ids))
    drawn = re.findall(r"<svg viewBox=\"0 0 24.*?</svg>", bad_day)
    assert len(drawn) > 15
    for svg in drawn:
        ET.fromstring(svg)


def test_the_same_figures_give_the_same_page(bad_day):
    assert html(troubled()) == bad_day


def test_a_page_is_small(bad_day):
    assert len(bad_day.encode()) < 150_000


def test_hostile_text_shows_as_text_wherever_it_comes_from():
    finding = Finding("quarantined_rows", HOSTILE, "warning", HOSTILE, HOSTILE)
    series = {("quarantined_rows", HOSTILE): [(DAY, 3.0)], ("step_duration", HOSTILE): [(DAY, 99.0)]}
    hostile = html(
        recorded(series, [finding], attempts=[attempt(HOSTILE, "failed", error=HOSTILE)]),
        decisions=[{"step": HOSTILE, "decision": HOSTILE, "reason": HOSTILE, "model_version": HOSTILE}],
        quarantine=[(HOSTILE, HOSTILE, 2)],
        champion_version=HOSTILE,
        champion_reason=HOSTILE,
        served={HOSTILE: 3},
        listeners=[Listener(1, HOSTILE, [(HOSTILE, HOSTILE)], [(HOSTILE, HOSTILE)])],
    )
    assert "<script" not in hostile
    assert "<img" not in hostile
    assert hostile.count("&lt;script&gt;alert(1)&lt;/script&gt;&lt;img") > 20


def test_a_step_that_failed_stands_before_all_with_its_cause_and_what_to_do():
    broken = [
        attempt("FetchUsers"),
        attempt("CleanUsers", "failed", minute=3, error="40 % of the rows are bad (log: x)"),
    ]
    found = text(html(recorded({}, attempts=broken), **NOTHING))
    assert found.split("All days ")[1].startswith("Act now")
    shown = found[found.index("What needs attention") :]
    assert shown.index("CleanUsers failed") < shown.index("40 % of the rows are bad")
    assert "luigi --module tasks.daily DailyPipeline --local-scheduler --date 2024-03-14" in shown
    assert "less /srv/lake/logs/2024-03-14/CleanUsers.log" in shown


def test_a_step_that_failed_and_then_came_right_needs_no_attention(bad_day):
    assert "CleanListens failed" not in bad_day
    row = bad_day[bad_day.index("<td>CleanListens") :].split("<tr>")[0]
    assert ">done</span>" in row
    assert row.rstrip().endswith('<td class="number">2')


def test_a_step_without_a_log_has_no_command_for_it():
    broken = [attempt("FetchUsers", "failed", error="found 3 rows, required are 500")]
    assert "FetchUsers.log" not in text(html(recorded({}, attempts=broken), **NOTHING))


def test_mail_that_was_not_sent_does_not_pass_for_a_day_that_failed():
    sent = recorded({}, attempts=[attempt("Recommend"), attempt("Notify", "failed", minute=1, error="refused")])
    assert "What needs attention" not in text(html(sent))


def test_a_killed_step_says_so():
    found = text(html(recorded({}, attempts=[attempt("TrainModel", "killed", seconds=None, error=None)]), **NOTHING))
    assert "TrainModel was killed" in found
    assert "its process was killed, or the machine went down" in found


def test_a_date_of_which_nothing_is_known_has_a_page_too():
    found = text(html(recorded({}, attempts=[]), **NOTHING))
    for said in ("Nothing was decided.", "No entity was cleaned.", "No lists were written.", "No live figures"):
        assert said in found


def test_a_day_that_is_not_over_says_so():
    accounting = [{**row, "revision": 0} for row in overview().accounting]
    assert "The day is not over" in html(accounting=accounting)


def test_figures_of_too_few_users_are_marked():
    live = [figure("als", 0.05), figure("popularity_als", 0.02), figure("als_new", 0.03, users=12)]
    assert html(live=live).count("too few: 12 users, 100 needed") == 1


def test_a_registry_that_is_away_is_among_the_decisions():
    reason = "the registry at http://host:5000 cannot be reached; nothing was trained"
    none = {"step": "promote", "decision": "none", "reason": reason, "model_version": ""}
    assert f"promote none {reason}" in text(html(decisions=[none]))


def test_the_revision_is_read_back_from_the_head(tmp_path):
    path = tmp_path / "r.html"
    path.write_text(html(revision=7))
    assert path.read_bytes().index(b'name="revision"') < REPORT_HEAD
    assert report_revision(path) == 7


def test_the_day_before_is_a_link_where_it_has_a_report():
    assert f'href="{before(1)}.html"' in html(previous=before(1))
    assert ".html" not in re.sub("index.html", "", html())


def test_severities_differ_in_shape_and_word_not_in_colour_alone(bad_day):
    marks = dict(re.findall(r'<span class="mark (\w+)"><svg[^>]*>(<path[^>]*>)', bad_day))
    assert len({marks[tone] for tone in ("critical", "warning", "fine")}) == 3
    assert NULLS.severity == "critical"
