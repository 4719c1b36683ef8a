"""Each kind of damage to a lake is found and named; a healthy one passes."""

import datetime
import json

import pytest

from conf.tables import TABLES
from jobs.runtime.frames import SparkLake
from jobs.upkeep.check import CHECKS, manifests, run_checks, unreadable
from lake.access import Lake
from lake.layout import MANIFEST, raw_folder
from tests.jobs import raw

DAY = datetime.date(2024, 3, 1)
STAMP = datetime.datetime(2024, 3, 1, 10, tzinfo=datetime.UTC)
TRACK = {
    "name": "S",
    "artist": "A",
    "duration_s": 1,
    "created_at": STAMP,
    "updated_at": STAMP,
    "first_seen": DAY,
    "last_seen": DAY,
}
USER = {"email": "a@b.cc", "created_at": STAMP, "updated_at": STAMP, "first_seen": DAY, "last_seen": DAY}
PLAY = {"user_id": 1, "track_id": 1, "listened_at": STAMP, "updated_at": STAMP, "position": 0, "first_seen": DAY}
COUNTS = {"rows": 1, "fetched": 2, "clean": 1, "duplicate": 0, "quarantined": 1, "later": 0, "suppressed": 0}
ACCOUNT = {"date": DAY, "entity": "listen_history", "revision": 1, "snapshot_date": DAY, "fetched_at": STAMP, **COUNTS}
LISTED = {"date": DAY, "user_id": 1, "source": "als", "because": [], "model_version": "1"}
FIGURE = {"date": DAY, "kind": "live", "model": "als", "model_version": "1", "k": 10, "users": 5}

SPAN = {"genres": "rock", "served_from": DAY, "served_until": None}
NEXT = DAY + datetime.timedelta(days=1)

HEALTHY = {
    "tracks": [{**TRACK, "track_id": 1}, {**TRACK, "track_id": 2}],
    "users": [{**USER, "user_id": 1}],
    "tracks_served": [{**SPAN, "track_id": 1, "served_until": NEXT}, {**SPAN, "track_id": 1, "served_from": NEXT}],
    "users_served": [{**SPAN, "user_id": 1}],
    "listens": [PLAY],
    "quarantine": [{"date": DAY, "entity": "listen_history", "reasons": ["items_null"], "row": "{}"}],
    "accounting": [{**ACCOUNT, "reasons": json.dumps({"items_null": 1})}],
    "recommendations": [
        {**LISTED, "rank": 1, "track_id": 1, "score": 0.9},
        {**LISTED, "rank": 2, "track_id": 2, "score": 0.8},
    ],
    "evaluations": [{**FIGURE, "metric": "ndcg", "value": 0.5, "low": 0.4, "high": 0.6}],
}
DAMAGE = {
    "tracks": [
        {**TRACK, "track_id": 1},
        {**TRACK, "track_id": -2, "name": None, "last_seen": DAY - datetime.timedelta(days=1)},
    ],
    "users": [{**USER, "user_id": -1, "email": None, "first_seen": None}],
    "tracks_served": [{**SPAN, "track_id": 77, "served_until": DAY}],
    "users_served": [{**SPAN, "user_id": 1, "served_from": NEXT}, {**SPAN, "user_id": 9}],
    "listens": [
        {**PLAY, "user_id": 8, "position": -1},
        {**PLAY, "track_id": 88, "position": 1, "listened_at": STAMP + datetime.timedelta(days=1)},
    ],
    "quarantine": [{"date": DAY, "entity": "users", "reasons": [], "row": "{}"}],
    "accounting": [
        {**ACCOUNT, "entity": "users", "quarantined": 5, "fetched": 9, "reasons": json.dumps({"email_null": 3})},
        {**ACCOUNT, "date": DAY - datetime.timedelta(days=1), "quarantined": 0, "fetched": 1},
    ],
    "recommendations": [{**LISTED, "user_id": 1, "rank": 4, "track_id": 2, "score": 0.95}, {**LISTED, "user_id": 9, "rank": 1, "track_id": 1, "score": 1.0}],
    "evaluations": [{**FIGURE, "metric": "ndcg", "value": 0.7, "low": 0.4, "high": 0.6}],
}  # fmt: skip


def filled(root, *parts):
    lake = Lake(str(root))
    for number, part in enumerate(parts):
        for table, rows in part.items():
            lake.append_rows(rows, table, f"{table}/{number}")
    raw.write(root, "listen_history", DAY, [{}], fetched_at=STAMP)
    return lake


def broken(spark, lake):
    for name in TABLES:
        spark.read.format("delta").load(lake.ensure(name)).createOrReplaceTempView(name)
    return {name for name, looked_at, broken in run_checks(spark, {}) if broken}


def test_a_healthy_lake_breaks_nothing(spark, tmp_path):
    lake = filled(tmp_path, HEALTHY)
    assert broken(spark, lake) == set()
    assert manifests(lake)[1:] == (1, 0)


def test_every_check_finds_its_damage(spark, tmp_path):
    lake = filled(tmp_path, HEALTHY, DAMAGE)
    found = broken(spark, lake)
    assert set(CHECKS) - found == set()
    assert found - set(CHECKS) == {"tracks: keys are told apart", "evaluations: keys are told apart"}


@pytest.mark.parametrize("change", [{"rows": 2}, {"fetched_at": STAMP + datetime.timedelta(hours=1)}])
def test_accounting_that_its_manifest_contradicts_is_found(tmp_path, change):
    lake = filled(tmp_path, {"accounting": [{**ACCOUNT, **change}]})
    assert manifests(lake)[1:] == (1, 1)


def test_an_unreadable_manifest_is_a_broken_account(tmp_path):
    lake = filled(tmp_path, {"accounting": [ACCOUNT]})
    (raw_folder(tmp_path, "listen_history", DAY) / MANIFEST).write_text("")
    assert manifests(lake)[1:] == (1, 1)


def test_tables_that_cannot_be_read_break_their_checks_and_no_others(spark, tmp_path):
    """A table whose log is gone is not taken for one that was never there, nor made anew."""
    filled(tmp_path, HEALTHY)
    for log in (tmp_path / "tracks" / "_delta_log").iterdir():
        log.unlink()
    for part in (tmp_path / "recommendations").glob("**/*.parquet"):
        part.unlink()
    found = run_checks(spark, unreadable(SparkLake(str(tmp_path), spark)))
    broken = {name.partition(":")[0] for name, _, broken in found if broken}
    assert broken == {"tracks", "tracks_served", "listens", "recommendations"}
    assert not (tmp_path / "tracks" / "_delta_log").exists() or not list((tmp_path / "tracks" / "_delta_log").iterdir())
