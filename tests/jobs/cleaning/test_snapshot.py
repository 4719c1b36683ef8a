"""A raw folder is only read by who opens it; people who asked to be forgotten are taken out by who cleans, before."""

import argparse
import datetime

import pytest

from conf.contract import ENTITIES, LISTENS, TRACKS, USERS
from conf.errors import BadSetting, Refused
from conf.settings import LakeSettings, Settings
from jobs.cleaning import clean, recompute
from jobs.cleaning.snapshot import described, open_snapshot
from jobs.cleaning.suppressed import hold_against_list
from jobs.runtime.command import Job
from jobs.runtime.frames import SparkLake
from lake import suppression
from lake.access import Lake
from tests.jobs import raw

DAY = datetime.date(2024, 3, 1)
KEY = "a key of the tests' own"


@pytest.fixture
def backup(tmp_path, monkeypatch):
    """Folders as a backup has them: user 17, who is on the list, is in them."""
    monkeypatch.setenv("MOOVITAMIX_SUPPRESSION_KEY", KEY)
    raw.write(tmp_path, "tracks", DAY, [raw.track(1)])
    raw.write(tmp_path, "users", DAY, [raw.user(17), raw.user(18)])
    raw.write(tmp_path, "listen_history", DAY, [raw.history(17, [1, 1]), raw.history(18, [1])])
    suppression.add(tmp_path, KEY, [suppression.hashed(KEY, 17)])
    return tmp_path


def on_disk(root):
    return {path: (path.stat().st_mtime_ns, path.is_file() and path.read_bytes()) for path in root.rglob("*")}


@pytest.mark.parametrize("entity", ENTITIES.values(), ids=list(ENTITIES))
def test_opening_writes_nothing(backup, entity):
    hold_against_list(str(backup), entity, DAY)
    before = on_disk(backup)
    open_snapshot(str(backup), entity, DAY, "UTC")
    assert on_disk(backup) == before


@pytest.mark.parametrize("entity", [USERS, LISTENS], ids=lambda entity: entity.name)
def test_folder_that_may_hold_people_on_the_list_is_refused_as_it_is(backup, entity):
    before = on_disk(backup)
    with pytest.raises(Refused, match=r"_suppressed\.json has people whose rows may be in it; run the Clean tasks"):
        open_snapshot(str(backup), entity, DAY, "UTC")
    assert described(str(backup), entity, DAY, "UTC").rows == 2
    assert on_disk(backup) == before


def test_tracks_name_nobody_and_need_no_list(backup):
    before = on_disk(backup)
    hold_against_list(str(backup), TRACKS, DAY)
    assert open_snapshot(str(backup), TRACKS, DAY, "UTC").rows == 1
    assert on_disk(backup) == before


def test_folder_that_is_not_there_is_for_the_reader_to_refuse(backup):
    hold_against_list(str(backup), USERS, DAY - datetime.timedelta(days=1))
    with pytest.raises(Refused, match="no snapshot of users for 2024-02-29; fetch it first"):
        open_snapshot(str(backup), USERS, DAY - datetime.timedelta(days=1), "UTC")


def test_without_the_key_nobody_can_be_taken_out(backup, monkeypatch):
    monkeypatch.delenv("MOOVITAMIX_SUPPRESSION_KEY")
    with pytest.raises(BadSetting, match="suppression_key"):
        hold_against_list(str(backup), USERS, DAY)


def test_cleaning_takes_them_out_of_all_folders_that_it_reads(spark, backup):
    args = argparse.Namespace(entity="listen_history", snapshot_date=None, revision=1)
    figures = clean.main(Job(DAY, Settings(lake=LakeSettings(root=str(backup))), args))
    assert (figures["rows_in"], figures["rows_out"], figures["suppressed"]) == (2, 1, 2)
    assert {row["user_id"] for row in Lake(str(backup)).rows("listens")} == {18}
    assert open_snapshot(str(backup), USERS, DAY, "UTC").suppressed_rows == 1


def test_recomputing_takes_them_out_of_the_earlier_dates_folders(spark, backup):
    lake = SparkLake(str(backup), spark)
    lake.append_rows([{"date": DAY, "entity": "users", "snapshot_date": DAY}], "accounting", "accounting/test/1")
    sought = spark.createDataFrame([(number, DAY) for number in (17, 18)], "user_id bigint, first_seen date")
    found = recompute.before(lake, sought, USERS, DAY + datetime.timedelta(days=1), "UTC")
    assert [row.user_id for row in found.collect()] == [18]
