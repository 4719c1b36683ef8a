"""From the same raw folders the tables are the same, whatever the order of the dates, run again or recomputed."""

import argparse
import datetime
import json
import shutil
import subprocess
import sys

import pytest

from conf.errors import Refused
from conf.settings import CleanSettings, LakeSettings, Settings, SparkSettings
from jobs.cleaning import clean, forms
from jobs.runtime.command import Job
from lake.access import Lake
from tasks.run.spark_server import running
from tests.jobs import raw
from tests.ports import free_port

pytestmark = pytest.mark.slow

DAYS = [datetime.date(2024, 3, day) for day in (1, 2, 3, 4, 5)]
TABLES = ("tracks", "tracks_served", "listens", "quarantine", "accounting")
LONG = "100:00"  # a duration that the stricter rule refuses


def at(day, hour=10):
    return f"2024-03-{day:02d}T{hour:02d}:00:00"


# 1 is renamed on the third date, 2 vanishes on the second and comes back, 3 is new on the third; 4 is long on
# the second and third, 5 on the first alone, 6 from the third on, 7 on the first two and not there after.
TRACKS = {
    1: [raw.track(1), raw.track(2), raw.track(4), raw.track(5, duration=LONG), raw.track(6), raw.track(7, duration=LONG)],
    2: [raw.track(1), raw.track(4, duration=LONG), raw.track(5), raw.track(6), raw.track(7, duration=LONG)],
    3: [raw.track(1, name="New"), raw.track(2), raw.track(3), raw.track(4, duration=LONG), raw.track(5), raw.track(6, duration=LONG)],
    4: [raw.track(1, name="New"), raw.track(2), raw.track(3), raw.track(4), raw.track(5), raw.track(6, duration=LONG)],
    5: [raw.track(1, name="New"), raw.track(3), raw.track(6, duration=LONG)],
}  # fmt: skip
# A session changes on the second date, one comes late on the third, and one vanishes after the first.
HISTORY = {
    1: [raw.history(1, [1, 5, 7], at(1)), raw.history(2, [2], at(1)), raw.history(1, [], at(1, 12))],
    2: [raw.history(1, [1, 5, 4], at(1), at(2)), raw.history(2, [2, 7], at(2))],
    3: [raw.history(1, [1, 5, 4], at(1), at(2)), raw.history(2, [3, 6], at(1, 8)), raw.history(9, [1], at(3))],
    4: [raw.history(1, [1, 5, 4], at(1), at(2)), raw.history(2, [3, 6], at(1, 8)), raw.history(2, [99, 1], at(5, 1))],
    5: [raw.history(1, [1, 5, 4], at(1), at(2)), raw.history(2, [3, 6], at(1, 8)), raw.history(2, [99, 1], at(5, 1))],
}


def fetched(root):
    for day in DAYS:
        raw.write(root, "tracks", day, TRACKS[day.day])
        raw.write(root, "users", day, [raw.user(1), raw.user(2, email="none" if day.day == 4 else "b@example.org")])
        raw.write(root, "listen_history", day, HISTORY[day.day])
    return str(root)


def run(root, day, revision=1, limit=1.0, remote="", entities=("tracks", "listen_history")):
    for entity in entities:
        args = argparse.Namespace(entity=entity, snapshot_date=None, revision=revision)
        settings = Settings(
            lake=LakeSettings(root=root), clean=CleanSettings(max_bad_share=limit), spark=SparkSettings(remote=remote)
        )
        clean.main(Job(day, settings, args))


@pytest.fixture(scope="module")
def run_all(tmp_path_factory):
    """Runs dates one after another, ``2r3`` the second in revision 3, with the strict rules or without.

    In a process of its own, a client of a Connect server: this one may have a session of the other kind.
    """
    log = tmp_path_factory.mktemp("server") / "spark.log"
    with running(free_port(), log, "local[2]") as url:

        def run_in_process(root, steps, strict=False):
            command = [
                sys.executable,
                "-m",
                "tests.jobs.cleaning.test_clean",
                root,
                url,
                steps,
                "strict" if strict else "",
            ]
            done = subprocess.run(command, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr[-3000:]

        yield run_in_process


def tables(root, *without):
    """Every row of every table, in an order of its own."""
    found = {}
    for name in TABLES:
        rows = Lake(root).rows(name)
        found[name] = sorted(
            json.dumps({k: v for k, v in row.items() if k not in without}, default=str) for row in rows
        )
    return found


@pytest.fixture(scope="module")
def two_days(run_all, tmp_path_factory):
    root = fetched(tmp_path_factory.mktemp("two_days") / "lake")
    run_all(root, "1 2")
    return root


@pytest.fixture(scope="module")
def in_order(run_all, two_days, tmp_path_factory):
    root = copied(two_days, tmp_path_factory.mktemp("in_order"))
    run_all(root, "3 4 5")
    return root


def copied(root, folder):
    return str(shutil.copytree(root, folder / "lake"))


def test_the_tables_hold_what_the_dates_brought(in_order):
    found = {
        row["track_id"]: (row["name"], row["first_seen"].day, row["last_seen"].day)
        for row in Lake(in_order).rows("tracks")
    }
    assert found == {
        1: ("New", 1, 5),
        2: ("Song 2", 1, 4),
        3: ("Song 3", 3, 5),
        4: ("Song 4", 1, 4),
        5: ("Song 5", 1, 4),
        6: ("Song 6", 1, 5),
        7: ("Song 7", 1, 2),
    }
    plays = sorted((row["user_id"], row["track_id"], row["first_seen"].day) for row in Lake(in_order).rows("listens"))
    # The play of track 1 on the fifth is later than the fourth, though the snapshot of the fourth holds it.
    assert plays == [
        (1, 1, 1),
        (1, 1, 2),
        (1, 4, 2),
        (1, 5, 1),
        (1, 5, 2),
        (1, 7, 1),
        (2, 1, 5),
        (2, 2, 1),
        (2, 3, 3),
        (2, 6, 3),
        (2, 7, 2),
    ]


def test_each_date_s_tracks_are_those_of_its_own_snapshot(in_order):
    rows = Lake(in_order).rows("tracks_served")
    for day in DAYS:
        found = [
            row["track_id"]
            for row in rows
            if row["served_from"] <= day and (row["served_until"] is None or day < row["served_until"])
        ]
        assert sorted(found) == sorted(track["id"] for track in TRACKS[day.day])


def test_dates_out_of_order_run_again_and_recomputed_leave_equal_tables(run_all, in_order, tmp_path):
    root = fetched(tmp_path / "lake")
    run_all(root, "4 1 5 4 2 2r2 4r2 5r2 3")
    assert tables(root, "revision") == tables(in_order, "revision")
    assert {row["date"].day: row["revision"] for row in Lake(root).rows("accounting")} == {1: 1, 2: 2, 3: 1, 4: 2, 5: 2}


def test_after_a_change_of_rules_a_recompute_equals_a_lake_that_always_had_them(run_all, two_days, in_order, tmp_path):
    recomputed, fresh = copied(in_order, tmp_path / "recomputed"), copied(two_days, tmp_path / "fresh")
    run_all(recomputed, "3r2 4r2 5r2", strict=True)
    run_all(fresh, "3 4 5", strict=True)
    assert tables(recomputed, "revision") == tables(fresh, "revision")
    assert tables(recomputed, "revision") != tables(in_order, "revision")
    assert {row["track_id"]: row["last_seen"].day for row in Lake(recomputed).rows("tracks")}[6] == 2


def test_too_many_bad_rows_are_refused_before_anything_is_written(spark, tmp_path):
    root = fetched(tmp_path)
    with pytest.raises(
        Refused,
        match=r"listen_history: 1 of 5 are bad, a share of 0\.20 where at most 0\.1 .*items_empty 1.*max_bad_share",
    ):
        run(root, DAYS[0], limit=0.1, entities=["listen_history"])
    assert tables(root)["listens"] == []
    assert not [row for row in Lake(root).rows("accounting") if row["entity"] == "listen_history"]


def test_rows_that_the_manifest_does_not_know_are_refused(spark, tmp_path):
    root = fetched(tmp_path)
    manifest = tmp_path / "raw" / "tracks" / "date=2024-03-01" / "_manifest.json"
    manifest.write_text(manifest.read_text().replace('"rows": 6, "fetched_at"', '"rows": 7, "fetched_at"'))
    with pytest.raises(Refused, match="6 rows of tracks were read, its manifest says 7"):
        run(root, DAYS[0], entities=["tracks"])


if __name__ == "__main__":
    lake, url, steps, rules = sys.argv[1:]
    if rules:
        # A change of rules: no track of 100 minutes or more.
        forms.DURATION = r"(\d{1,2}):([0-5]\d)"
    for step in steps.split():
        number, _, revision = step.partition("r")
        run(lake, DAYS[int(number) - 1], int(revision or 1), remote=url)
