"""After the migration the tables say of every date what its raw folder says, and only what is missing is made."""

import argparse
import datetime
import shutil

import pytest
from pyspark.sql import functions as F

from conf.contract import TRACKS, USERS
from conf.errors import Refused
from conf.settings import CleanSettings, LakeSettings, Settings
from jobs.cleaning import clean, served
from jobs.cleaning.snapshot import open_snapshot, read_checked
from jobs.recommendation.servable import served_on
from jobs.runtime.command import Job
from jobs.runtime.frames import SparkLake
from jobs.upkeep import migrations
from lake import files
from lake.access import Lake
from lake.layout import raw_folder
from lake.schema_version import schema_of, write_schema
from tests.jobs import raw

FIRST, SECOND, THIRD = (datetime.date(2024, 3, day) for day in (1, 2, 3))
LATER = "2024-02-01T10:00:00"
TWICE = [raw.track(1), raw.track(1, genres="pop", updated_at=LATER)]  # the later one stands
SNAPSHOTS = {
    "tracks": {
        FIRST: [*TWICE, raw.track(2), raw.track(3, genres=None)],
        SECOND: [*TWICE, raw.track(3, genres=None), raw.track(4, duration="none")],
        THIRD: [raw.track(1, genres="pop"), raw.track(2, genres="folk"), raw.track(4)],
    },
    "users": {
        FIRST: [raw.user(1), raw.user(2)],
        SECOND: [raw.user(1, favorite_genres="jazz"), raw.user(2, email="none")],
        THIRD: [raw.user(1, favorite_genres="jazz"), raw.user(2)],
    },
}


def job(root, date=THIRD, revision=1, **more):
    settings = Settings(lake=LakeSettings(root=root), clean=CleanSettings(max_bad_share=1.0))
    return Job(date, settings, argparse.Namespace(revision=revision, **more))


@pytest.fixture(scope="module")
def old(spark, tmp_path_factory):
    """A lake as schema 3 left it: three dates are cleaned, and no table says what each of them held."""
    root = str(tmp_path_factory.mktemp("old") / "lake")
    for entity, dates in SNAPSHOTS.items():
        for date, rows in dates.items():
            raw.write(root, entity, date, rows)
            clean.main(job(root, date, 2 if date == SECOND else 1, entity=entity, snapshot_date=None))
        shutil.rmtree(Lake(root).path(f"{entity}_served"))
    write_schema(root, 3)
    return root


@pytest.fixture
def lake(spark, old, tmp_path):
    return SparkLake(str(shutil.copytree(old, tmp_path / "lake")), spark, any_schema=True)


def of_raw(lake, entity, date):
    """Ids and genres by the raw folder, as a job read them when no table had them."""
    rows = read_checked(lake.spark, open_snapshot(lake.root, entity, date, "UTC")).filter(F.size("reasons") == 0)
    latest = F.max(F.struct("updated_at", F.col("genres" if entity is TRACKS else "favorite_genres").alias("genres")))
    return {tuple(row) for row in rows.groupBy(entity.field("id").target).agg(latest["genres"]).collect()}


def of_tables(lake, entity, date):
    rows = [tuple(row) for row in served_on(lake, entity, date).collect()]
    assert len(set(rows)) == len(rows)
    return set(rows)


def test_every_date_is_what_its_raw_folder_says(lake):
    assert migrations.migrate(lake, job(lake.root)) == [4]
    assert schema_of(lake.root) == 4
    for entity in (TRACKS, USERS):
        for date in (FIRST, SECOND, THIRD):
            assert of_tables(lake, entity, date) == of_raw(lake, entity, date)
    # The revision that accounting has: a recompute of a later one takes its place.
    marker = served.marker_of(TRACKS, SECOND)
    assert [Lake(lake.root, revision=number).committed(marker) for number in (2, 3)] == [True, False]


def test_killed_it_goes_on_and_leaves_out_dates_whose_raw_folder_is_gone(lake, monkeypatch):
    files.remove(raw_folder(lake.root, "users", SECOND))
    real, done = served.record, []

    def killed(lake, clean, entity, date):
        if len(done) == 2:
            raise KeyboardInterrupt
        real(lake, clean, entity, date)
        done.append((entity.name, date))

    with monkeypatch.context() as patch:
        patch.setattr(served, "record", killed)
        with pytest.raises(KeyboardInterrupt):
            migrations.migrate(lake, job(lake.root))
    assert (done, schema_of(lake.root)) == ([("tracks", FIRST), ("users", FIRST)], 3)
    assert [(row["entity"], row["date"]) for row in migrations.v4.pending(lake)] == [
        ("tracks", SECOND), ("tracks", THIRD), ("users", THIRD)
    ]  # fmt: skip
    migrations.migrate(lake, job(lake.root))
    for entity, date in [(TRACKS, SECOND), (USERS, FIRST), (USERS, THIRD)]:
        assert of_tables(lake, entity, date) == of_raw(lake, entity, date)
    with pytest.raises(
        Refused, match=r"with the raw folder of 2024-03-02 in place .* --entity users --date 2024-03-02"
    ):
        served_on(lake, USERS, SECOND)
    # What the refusal says helps, though every other part of the date is committed.
    raw.write(lake.root, "users", SECOND, SNAPSHOTS["users"][SECOND])
    clean.main(job(lake.root, SECOND, entity="users", snapshot_date=SECOND))
    assert of_tables(lake, USERS, SECOND) == of_raw(lake, USERS, SECOND)


def test_count_that_accounting_contradicts_is_told(lake, caplog):
    row = lake.rows("accounting", [("date", "=", FIRST), ("entity", "=", "tracks")])[0]
    migrations.v4.record(lake.root, lake.spark, {**row, "clean": 9}, "UTC")
    assert "tracks of 2024-03-01: 3 rows are clean, accounting says 9; give --api-timezone" in caplog.text


def test_lake_that_nothing_was_cleaned_in_needs_no_spark(tmp_path):
    empty = Lake(str(tmp_path), any_schema=True)
    write_schema(str(tmp_path), 3)
    assert migrations.migrate(empty, None) == [4]
