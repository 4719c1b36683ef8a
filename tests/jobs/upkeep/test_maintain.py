"""What housekeeping removes, and what it must not."""

import argparse
import datetime
import os

import pytest
from deltalake import DeltaTable

from conf.errors import BadSetting
from conf.settings import LakeSettings, Settings, parse
from jobs.runtime.command import Job
from jobs.upkeep import maintain
from lake.access import Lake
from lake.layout import model_folder, raw_folder
from tests.jobs import raw

TODAY = datetime.date(2024, 3, 31)


def days_ago(days):
    return TODAY - datetime.timedelta(days=days)


def accounting(date, snapshot_date):
    row = dict.fromkeys(("rows", "fetched", "clean", "duplicate", "quarantined", "later", "suppressed"), 1)
    stamp = datetime.datetime(2024, 3, 1, tzinfo=datetime.UTC)
    return {**row, "date": date, "entity": "tracks", "revision": 1, "snapshot_date": snapshot_date, "fetched_at": stamp}


def lists(date):
    row = {
        "date": date,
        "user_id": 1,
        "track_id": 7,
        "score": 1.0,
        "source": "als",
        "because": [],
        "model_version": "1",
    }
    return [{**row, "rank": rank} for rank in (1, 2)]


@pytest.fixture
def lake(tmp_path):
    """Snapshots, accounting and lists of five dates; that of 5 days ago was cleaned from the snapshot of 40 days ago."""
    lake = Lake(str(tmp_path))
    for days in (50, 40, 30, 5, 0):
        date = days_ago(days)
        raw.write(tmp_path, "tracks", date, [raw.track(1)])
        used = days_ago(40) if days == 5 else date
        lake.replace_rows([accounting(date, used)], "accounting", f"accounting/t/{date}", date=date)
        lake.replace_rows(lists(date), "recommendations", f"recommendations/t/{date}", date=date)
    return lake


def run(lake, revision=1, **settings):
    given = LakeSettings(**{"root": lake.root, "keep_raw_days": 30, "keep_recommendation_days": 30, **settings})
    return maintain.main(Job(TODAY, Settings(lake=given), argparse.Namespace(revision=revision)))


def snapshots(lake):
    folders = raw_folder(lake.root, "tracks", TODAY).parent.iterdir()
    return {(TODAY - datetime.date.fromisoformat(folder.name.removeprefix("date="))).days for folder in folders}


def listed(lake):
    return {(TODAY - row["date"]).days for row in lake.rows("recommendations")}


def test_raw_and_lists_past_their_retention_go_but_a_snapshot_that_a_kept_date_used_stays(lake):
    assert run(lake)["raw_folders"] == 1
    assert (snapshots(lake), listed(lake)) == ({40, 30, 5, 0}, {30, 5, 0})
    assert lake.rows("maintenance")[0]["list_days"] == 2


def test_nothing_goes_where_all_is_kept_or_the_day_is_not_over(lake):
    run(lake, keep_raw_days=0, keep_recommendation_days=0)
    run(lake, revision=0)
    assert (snapshots(lake), listed(lake)) == ({50, 40, 30, 5, 0}, {50, 40, 30, 5, 0})


def test_what_a_killed_save_of_a_model_left_goes_on_any_day(lake):
    left = model_folder(lake.root, "3").with_name(".version=3.77")
    left.mkdir(parents=True)
    os.utime(left, (0, 0))
    run(lake)
    assert not left.exists()


def test_a_date_whose_lists_are_gone_is_done_still(lake):
    run(lake)
    assert lake.committed(f"recommendations/t/{days_ago(50)}")


def test_on_its_day_small_files_become_large_ones_and_older_versions_stay_readable(lake):
    before = sorted(map(str, lake.rows("accounting")))
    version = DeltaTable(lake.path("accounting")).version()
    for number in range(3):
        lake.append_rows([{"date": TODAY, "task": "T"}], "runs", f"runs/{number}")
    figures = run(lake, maintain_days=1)
    assert figures["files_compacted"] >= 3
    assert len(DeltaTable(lake.path("runs")).file_uris()) == 1
    assert sorted(map(str, lake.rows("accounting"))) == before
    assert DeltaTable(lake.path("accounting"), version=version).count() == 5


def test_off_its_day_files_stay_as_they_are(lake):
    for number in range(3):
        lake.append_rows([{"date": TODAY, "task": "T"}], "runs", f"runs/{number}")
    run(lake, maintain_days=TODAY.toordinal() - 1)
    assert len(DeltaTable(lake.path("runs")).file_uris()) == 3


@pytest.mark.parametrize("name", ["keep_raw_days", "keep_recommendation_days"])
def test_a_retention_below_what_the_next_day_needs_is_refused(name):
    with pytest.raises(BadSetting, match=rf"\[lake\] {name}: found '1', allowed is 0 or at least 2"):
        parse({"lake": {name: "1"}})
    with pytest.raises(BadSetting, match="keep_versions_hours"):
        parse({"lake": {"keep_versions_hours": "1"}})
