from jobs.health.reporting import index
from jobs.health.reporting.index import DayRow, rows
from jobs.health.reporting.page import index_page
from lake.access import Lake
from tests.jobs.health.reporting.days import DAY, HOSTILE, before


def name(date):
    return f"{date}.html"


def test_days_are_newest_first_and_one_between_others_is_missing():
    found = rows({DAY: name(DAY), before(2): name(before(2))}, [], {DAY: 1115.0}, {(DAY, "als"): 0.06}, [])
    assert found == [
        DayRow(DAY, "fine", "All is well", "1,115", "0.0600", "", "", name(DAY)),
        DayRow(before(1), "missing", "missing"),
        DayRow(before(2), "fine", "All is well", link=name(before(2))),
    ]


def test_a_day_carries_the_mark_of_its_worst_finding_and_what_was_decided():
    findings = [{"date": DAY, "severity": severity} for severity in ("warning", "critical", "warning")]
    decisions = [
        {"date": DAY, "step": "promote", "decision": "promote", "model_version": "4"},
        {"date": DAY, "step": "retrain", "decision": "train", "model_version": ""},
    ]
    (found,) = rows({DAY: name(DAY)}, findings, {}, {}, decisions)
    assert (found.tone, found.word, found.decisions) == ("critical", "Act now", "train, promote 4")


def test_a_day_that_is_not_over_says_so_until_the_whole_day_s_report_is_there(tmp_path):
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / f"{DAY}.partial.html").touch()
    (folder / "index.html").touch()
    (folder / f"failed-{DAY}.html").touch()
    assert [row.word for row in index.read(Lake(str(tmp_path)), 10)] == ["All is well (not over)"]
    (folder / name(DAY)).touch()
    assert index.reports(str(tmp_path)) == {DAY: name(DAY)}


def test_the_page_shows_hostile_text_as_text_and_links_each_report():
    page = index_page([DayRow(DAY, "warning", HOSTILE, decisions=HOSTILE, link=name(DAY))], 10)
    assert "<script" not in page
    assert f'<a href="{DAY}.html">' in page
