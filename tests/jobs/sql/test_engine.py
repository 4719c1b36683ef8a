"""Queries of a small lake, by the tests' Spark session: names, views, older versions, and what is refused."""

import datetime
import os

import pytest
from deltalake import DeltaTable

from conf.errors import Refused
from conf.tables import TABLES
from conf.views import VIEWS
from jobs.model.pairs import plays_as_of
from jobs.sql.engine import Engine
from tests.jobs.sql.tiny_lake import FIRST, SECOND, at, tiny_lake


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    return tiny_lake(tmp_path_factory.mktemp("tiny") / "a lake's folder")


@pytest.fixture(scope="module")
def engine(spark, lake):
    return Engine(spark.newSession(), lake)


def rows(engine, statement):
    return [tuple(row.values()) for row in engine.run(statement).to_pylist()]


@pytest.mark.parametrize("name", VIEWS)
def test_each_view_has_the_columns_and_types_that_are_declared(engine, name):
    engine.names.ready(name)
    found = engine.spark.table(name).dtypes
    assert found == [(column.name, column.type) for column in VIEWS[name].columns]


def test_every_table_is_known_by_name_those_that_no_step_wrote_too(engine, lake):
    shown = {name for _, name, _ in rows(engine, "SHOW TABLES")}
    assert shown >= TABLES.keys() | VIEWS.keys()
    assert rows(engine, "SELECT * FROM findings") == []
    assert not DeltaTable.is_deltatable(lake.path("findings"))


def test_listens_current_are_the_plays_of_the_latest_version(engine):
    found = rows(engine, "SELECT user_id, track_id FROM listens_current ORDER BY user_id")
    assert found == [(1, 11), (2, 11)]
    ours = (
        plays_as_of(engine.spark.table("listens"), datetime.date(9000, 1, 1))
        .select("user_id", "track_id")
        .orderBy("user_id")
    )
    assert [tuple(row) for row in ours.collect()] == found


def test_todays_lists_are_of_the_newest_date_with_names(engine):
    assert rows(
        engine, "SELECT date, user_id, rank, track, source, because FROM todays_lists ORDER BY user_id, rank"
    ) == [
        (SECOND, 1, 1, "Red", "als", ["Red", "Blue"]),
        (SECOND, 1, 2, "Blue", "als", ["Red", "Blue"]),
        (SECOND, 2, 1, "Red", "popular", []),
    ]


def test_counts_of_plays_and_of_what_is_broken(engine):
    assert rows(engine, "SELECT * FROM plays_by_day ORDER BY day") == [(FIRST, 1, 1, 1), (SECOND, 1, 1, 1)]
    assert [row[1:-1] for row in rows(engine, "SELECT * FROM top_tracks")] == [("Red", "Bo", 2, 2)]
    assert [row[2:4] for row in rows(engine, "SELECT * FROM quarantine_by_reason ORDER BY reason")] == [
        ("id_null", 2),
        ("name_empty", 1),
    ]
    assert rows(engine, "SELECT quarantined_percent, lost FROM accounting_by_day") == [(50.0, 0)]


def test_how_the_models_did(engine):
    assert rows(engine, "SELECT model_version, days, live_ndcg, live_popularity FROM model_history") == [
        ("1", 1, 0.5, 0.25)
    ]
    assert rows(engine, "SELECT date, ndcg, popularity, users FROM live_by_day") == [(SECOND, 0.5, 0.25, 2)]
    assert rows(
        engine, "SELECT listeners, from_model, tracks, coverage_percent FROM coverage_by_day ORDER BY date"
    ) == [
        (1, 1, 1, 50.0),
        (2, 1, 2, 100.0),
    ]


def test_older_versions_by_number_and_by_time(engine, lake):
    assert rows(engine, "SELECT count(*) FROM listens VERSION AS OF 0") == [(0,)]
    now = datetime.datetime.now(datetime.UTC)
    for version in range(3):  # Delta goes by the times of the log's files
        moment = (now - datetime.timedelta(hours=4 - version)).timestamp()
        os.utime(f"{lake.path('listens')}/_delta_log/{version:020}.json", (moment, moment))
    for hours, held in ((3.5, 0), (2.5, 3)):
        then = (now - datetime.timedelta(hours=hours)).isoformat()
        assert rows(engine, f"SELECT count(*) FROM listens TIMESTAMP AS OF '{then}'") == [(held,)]


def test_two_lakes_on_one_server_do_not_mix(engine, tmp_path):
    other = Engine(engine.spark.newSession(), tiny_lake(tmp_path, plays=1))
    count = "SELECT count(*) FROM plays_by_day"
    assert rows(other, count) == [(1,)]
    assert rows(engine, count) == [(2,)]
    assert rows(other, "SELECT count(*) FROM listens") == [(1,)]


def test_what_writes_is_refused_and_changes_nothing(engine, lake):
    before = DeltaTable(lake.path("tracks")).version()
    with pytest.raises(Refused, match="DELETE is refused: this only reads"):
        engine.run("DELETE FROM tracks")
    assert DeltaTable(lake.path("tracks")).version() == before


def test_asking_leaves_the_lake_as_it_was(engine, lake):
    versions = {
        name: DeltaTable(lake.path(name)).version() for name in TABLES if DeltaTable.is_deltatable(lake.path(name))
    }
    engine.run("SHOW TABLES")
    engine.run("SELECT * FROM model_history")
    assert {name: DeltaTable(lake.path(name)).version() for name in versions} == versions


def test_a_table_that_comes_to_be_while_the_prompt_is_open_is_found(engine, tmp_path):
    lake = tiny_lake(tmp_path)
    asked = Engine(engine.spark.newSession(), lake)
    assert rows(asked, "SELECT count(*) FROM runs") == [(0,)]
    lake.append_rows([{"date": FIRST, "task": "Recommend", "started_at": at(1, 9)}], "runs", "runs/t/1")
    assert rows(asked, "SELECT task FROM runs") == [("Recommend",)]


def test_with_leave_to_write_a_row_can_be_changed(engine, tmp_path):
    allowed = Engine(engine.spark.newSession(), tiny_lake(tmp_path), write=True)
    allowed.run("DELETE FROM tracks WHERE track_id = 10")
    assert rows(allowed, "SELECT track_id FROM tracks") == [(11,)]


def test_a_session_for_a_notebook_knows_every_name(engine, lake, monkeypatch):
    monkeypatch.setattr("jobs.sql.engine.spark_session", lambda *_: engine.spark.newSession())
    from jobs.sql.engine import open_lake

    assert open_lake(lake.root).sql("SELECT count(*) FROM todays_lists").collect()[0][0] == 3
