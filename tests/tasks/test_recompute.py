"""What a recompute asks for, what it refuses, and what a range of dates that is done costs."""

import datetime

import pytest
from luigi.task_register import Register

from conf import days
from conf.errors import BadSetting, Refused
from conf.tables import marker
from lake import commits
from lake.access import Lake
from lake.layout import report_file
from tasks import daily, fetch
from tasks.base import DatedTask
from tasks.clean import CleanTracks
from tasks.daily import Backfill, DailyPipeline, Day

DAYS = [datetime.date(2024, 3, day) for day in (1, 2, 3, 4)]


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(DatedTask, "root", str(tmp_path))
    Register.clear_instance_cache()
    return str(tmp_path)


def cleaned(root, date, revision=1, snapshot_date=None):
    figures = dict.fromkeys(("rows", "fetched", "clean", "duplicate", "quarantined", "later", "suppressed"), 0)
    row = {"date": date, "entity": "tracks", "revision": revision, "snapshot_date": snapshot_date or date, **figures}
    name = marker("accounting", "CleanTracks", date)
    Lake(root, revision=revision).replace_rows([row], "accounting", name, date=date, entity="tracks")


def finished(root, date, revision=1):
    Lake(root, revision=revision).replace_rows(
        [], "recommendations", marker("recommendations", "Recommend", date), date=date
    )
    page = report_file(root, date)
    page.parent.mkdir(exist_ok=True)
    page.write_text(f'<!doctype html>\n<meta name="revision" content="{revision}">')


def test_a_recompute_goes_on_to_the_later_dates_that_were_run_in_order(root):
    for date in (DAYS[2], DAYS[0], DAYS[1]):
        cleaned(root, date)
    asked_for = list(DailyPipeline(date=DAYS[0], revision=2).run())
    assert [(type(one), one.date, one.revision) for one in asked_for] == [(Day, DAYS[1], 2), (Day, DAYS[2], 2)]
    assert list(DailyPipeline(date=DAYS[0]).run()) == []


def test_it_is_complete_when_the_later_dates_are_too(root):
    for date in DAYS[:2]:
        cleaned(root, date)
        finished(root, date)
    assert DailyPipeline(date=DAYS[0]).complete()
    assert not DailyPipeline(date=DAYS[0], revision=2).complete()
    finished(root, DAYS[0], 2)
    assert not DailyPipeline(date=DAYS[0], revision=2).complete()
    finished(root, DAYS[1], 2)
    assert DailyPipeline(date=DAYS[0], revision=2).complete()


def test_a_revision_that_a_later_date_has_already_is_refused_and_one_that_was_begun_goes_on(root):
    cleaned(root, DAYS[0])
    cleaned(root, DAYS[1], revision=3)
    with pytest.raises(BadSetting, match="2024-03-02 is at 3 already; take 4"):
        DailyPipeline(date=DAYS[0], revision=2)
    cleaned(root, DAYS[0], revision=3)
    assert DailyPipeline(date=DAYS[0], revision=3).following() == [DAYS[1]]


@pytest.mark.parametrize(("date", "revision"), [(DAYS[0], 0), (DAYS[0], -1)])
def test_a_revision_below_one_is_refused(root, date, revision):
    with pytest.raises(BadSetting, match="allowed is a whole number of at least 1"):
        DailyPipeline(date=date, revision=revision)


def test_a_day_that_is_not_over_is_not_recomputed(root):
    with pytest.raises(BadSetting, match="is not over"):
        DailyPipeline(date=days.today(), revision=2)


def test_a_recompute_never_fetches(root):
    with pytest.raises(Refused, match="recomputes from raw folders without fetching"):
        fetch.FetchTracks(date=DAYS[0], revision=2).run()


def test_a_date_is_run_again_from_the_snapshot_that_it_was_cleaned_from(root):
    assert CleanTracks(date=DAYS[0]).snapshot == DAYS[0]
    cleaned(root, DAYS[0], snapshot_date=DAYS[2])
    again = CleanTracks(date=DAYS[0], revision=2)
    assert again.requires().date == DAYS[2]
    assert f"--snapshot-date={DAYS[2]}" in again.job_options()
    assert CleanTracks(date=DAYS[0], snapshot_date=DAYS[3]).snapshot == DAYS[3]


def test_a_year_that_is_done_is_found_so_with_each_table_opened_once(root, monkeypatch):
    year = [DAYS[0] + datetime.timedelta(days=day) for day in range(365)]
    for date in (year[0], year[-1]):
        finished(root, date)
    opened = []
    versions = commits._versions
    monkeypatch.setattr(commits, "_versions", lambda *given: opened.append(given[0]) or versions(*given))
    backfill = Backfill(start=year[0], end=year[-1])
    assert backfill.missing() == year[1:-1]
    assert DailyPipeline.bulk_complete(year) == [year[0], year[-1]]
    assert len(opened) <= 3
    monkeypatch.setattr(daily, "done", lambda root, dates, *_, **__: set(dates))
    assert backfill.complete()
