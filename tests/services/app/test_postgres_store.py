"""The mart as a store: the same answers as from the lake, one published day each, and back after the server was away."""

import asyncio
import concurrent.futures
import dataclasses

import psycopg
import pytest

from app.stores.lake_store import LakeStore
from app.stores.postgres_store import PostgresStore
from conf.settings import PostgresSettings
from jobs.mart import schema
from jobs.mart.publication import publish
from tests.app import lakes
from tests.app.lakes import DAY, LISTS, NEXT, PLAYS, at, listed, small_lake
from tests.app.serving import served, settings_of
from tests.services.postgres.conftest import replaced
from tests.services.postgres.server import running

pytestmark = pytest.mark.services

PATHS = [
    "/users/1/recommendations",
    "/users/1/recommendations?k=1",
    "/users/12/recommendations",
    "/users/999/recommendations",
    "/users/3/recommendations",
    "/users/1/history",
    "/users/999/history",
    "/users",
    "/users?prefix=12",
    "/users?prefix=0",
    "/tracks/1",
    "/tracks/2",
    "/tracks/3",
    "/tracks/777",
    "/tracks?q=blue",
    "/tracks?q=TRAIN",
    "/tracks?q=frank%20boat",
    "/tracks?q=%25",
    "/tracks?q=_",
    "/tracks?q=%5C",
    "/tracks?q=%00",
    "/tracks?q=",
    "/health",
    "/model",
    "/listeners/1",
    "/songs/5",
]


@pytest.fixture
def lake(tmp_path):
    """The small lake with what a publisher asks for as well: people, and which days' plays were cleaned."""
    lake = small_lake(tmp_path / "lake")
    stamps = dict.fromkeys(("created_at", "updated_at"), at(1, 0)) | dict.fromkeys(("first_seen", "last_seen"), DAY)
    people = sorted({row["user_id"] for row in LISTS + PLAYS})
    lake.append_rows([{"user_id": user, **stamps} for user in people], "users", "users/CleanUsers/x")
    spans = [{"user_id": user, "genres": None, "served_from": DAY, "served_until": None} for user in people]
    lake.append_rows(spans, "users_served", "users_served/CleanUsers/x")
    for date in (DAY, NEXT):
        row = {"date": date, "entity": "listen_history", "revision": 1, "snapshot_date": date, "reasons": "{}"}
        lake.append_rows([row], "accounting", f"accounting/CleanListens/{date}")
    return lake


@pytest.fixture(scope="module")
def server():
    with running() as url:
        yield url


@pytest.fixture
def database(server):
    """The URL of an empty database."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS app WITH (FORCE)")
        connection.execute("CREATE DATABASE app")
    return replaced(server, "app")


@pytest.fixture
def filled(database, lake):
    """The same with one published day."""
    publish(lake, DAY, settings_with(lake, database))
    return database


def publish_next(lake, url):
    lakes.publish(lake, NEXT, listed(1, [2, 4], version="8"))
    publish(lake, NEXT, settings_with(lake, url))


def settings_with(lake, url):
    return dataclasses.replace(settings_of(lake.root), postgres=PostgresSettings(url=url))


@pytest.fixture
def client(filled, lake):
    settings = settings_with(lake, filled)
    with served(settings, PostgresStore(settings)) as client:
        yield client


def test_it_answers_as_the_lake_does(client, lake):
    settings = settings_of(lake.root)
    with served(settings, LakeStore(settings)) as other:
        for path in PATHS:
            mine, theirs = client.page(path), other.page(path)
            assert (mine.status_code, mine.text) == (theirs.status_code, theirs.text), path


def test_what_is_published_is_there_with_its_commit(client, filled, lake):
    assert client.get("/users/1/recommendations").json()["date"] == str(DAY)
    publish_next(lake, filled)
    answer = client.get("/users/1/recommendations").json()
    assert (answer["date"], answer["model_version"], len(answer["recommendations"])) == (str(NEXT), "8", 2)
    assert client.get("/users/2/recommendations").json()["known"] is False


def test_what_began_with_a_day_ends_with_it(filled, lake):
    async def over_the_change():
        store = PostgresStore(settings_with(lake, filled))
        async with store.day() as day:
            assert (await day.recommendations(1, 9))["model_version"] == "7"
            await asyncio.to_thread(publish_next, lake, filled)
            held = await day.recommendations(1, 9), await day.recommendations(2, 9)
        async with store.day() as day:
            after = await day.recommendations(1, 9)
        await store.stop()
        return (*held, after)

    mine, others, after = asyncio.run(over_the_change())
    assert (mine["model_version"], others["known"], after["model_version"]) == ("7", True, "8")


def test_a_server_that_goes_away_is_said_and_comes_back_by_itself(client, server):
    assert client.get("/health").status_code == 200
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("ALTER DATABASE app ALLOW_CONNECTIONS false")
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'app'")
        try:
            for _ in range(2):
                answer = client.get("/users/1/recommendations")
                assert answer.status_code == 503
                assert "the database does not answer" in answer.json()["detail"]
                assert "app" not in answer.text
            assert client.page("/").status_code == 503
            assert client.get("/metrics").status_code == 200
        finally:
            connection.execute("ALTER DATABASE app ALLOW_CONNECTIONS true")
    assert client.get("/users/1/recommendations").status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        "DROP TABLE recommendations CASCADE",
        "ALTER TABLE tracks DROP COLUMN album CASCADE",
        "DROP VIEW current_champion",
    ],
)
def test_a_mart_that_was_changed_by_hand_is_said(client, filled, change):
    with psycopg.connect(filled, autocommit=True) as connection:
        connection.execute(change)
    answers = [client.get(path) for path in ("/users/1/recommendations", "/model")]
    said = [answer for answer in answers if answer.status_code != 200]
    assert said
    assert {answer.status_code for answer in said} == {503}
    assert "is not as it was published" in said[0].json()["detail"]


def test_names_are_right_whatever_the_environment_and_the_database_ask_for(database, lake, monkeypatch, server):
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("ALTER DATABASE app SET client_encoding = 'LATIN1'")
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    monkeypatch.setenv("PGOPTIONS", "-c search_path=pg_catalog")
    publish(lake, DAY, settings_with(lake, database))
    settings = settings_with(lake, database)
    with served(settings, PostgresStore(settings)) as mine, served(settings, LakeStore(settings)) as theirs:
        for path in ("/tracks/3", "/tracks?q=%C3%81guas", "/users/1/recommendations"):
            assert mine.page(path).text == theirs.page(path).text


def test_a_database_without_a_mart_or_a_day_says_that_there_is_nothing_yet(database, lake):
    settings = settings_with(lake, database)
    with served(settings, PostgresStore(settings)) as client:
        assert "nothing has been published" in client.get("/health").json()["detail"]
        schema.upgrade(lambda: psycopg.connect(database))
        answer = client.get("/health")
        assert (answer.status_code, answer.json()["detail"]) == (503, "no day has been published to this database yet")


def test_nothing_can_be_written_by_it(filled, lake):
    async def write():
        store = PostgresStore(settings_with(lake, filled))
        try:
            async with store.day() as day:
                await day._rows("DELETE FROM recommendations RETURNING user_id", [])
        finally:
            await store.stop()

    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        asyncio.run(write())


def test_more_requests_than_connections_wait_their_turn(client):
    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda user: client.get(f"/users/{user % 3}/recommendations"), range(400)))
    assert {answer.status_code for answer in answers} == {200}
