"""The mart as a store: the same answers as from the lake, one published day each, and back after the server was away."""

import asyncio
import concurrent.futures
import dataclasses

import psycopg
import pytest

from app.lake_store import LakeStore
from app.postgres_store import PostgresStore
from conf.settings import Postgres
from tests.app.lakes import DAY, NEXT, listed, small_lake
from tests.app.serving import eventually, served, settings_of
from tests.services.app import postgres_server

pytestmark = pytest.mark.services

PATHS = [
    "/users/1/recommendations",
    "/users/1/recommendations?k=1",
    "/users/12/recommendations",
    "/users/999/recommendations",
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
    "/",
]


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    return small_lake(tmp_path_factory.mktemp("mart") / "lake")


@pytest.fixture(scope="module")
def server():
    with postgres_server.server() as server:
        yield server


@pytest.fixture
def database(server, lake):
    """The URL of a database with one published day."""
    name = "app"
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    return server.url.removesuffix("postgres") + name


@pytest.fixture
def filled(database, lake):
    postgres_server.lay_out(database)
    postgres_server.fill(database, lake, DAY)
    return database


def settings_with(lake, url):
    return dataclasses.replace(settings_of(lake.root), postgres=Postgres(url=url))


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


def test_what_is_published_is_there_with_its_commit(client, filled):
    lists = listed(1, [2, 4], version="8")
    with psycopg.connect(filled) as connection:
        postgres_server.publish(connection.cursor(), lists, NEXT)
        assert client.get("/users/1/recommendations").json()["date"] == str(DAY)
    answer = client.get("/users/1/recommendations").json()
    assert (answer["date"], answer["model_version"], len(answer["recommendations"])) == (str(NEXT), "8", 2)
    assert client.get("/users/2/recommendations").json()["known"] is False


def test_what_began_with_a_day_ends_with_it(filled, lake):
    async def over_the_change():
        store = PostgresStore(settings_with(lake, filled))
        async with store.day() as day:
            with psycopg.connect(filled) as connection:
                postgres_server.publish(connection.cursor(), listed(1, [2, 4], version="8"), NEXT)
            held = await day.recommendations(1, 9), await day.recommendations(2, 9)
        async with store.day() as day:
            after = await day.recommendations(1, 9)
        await store.stop()
        return (*held, after)

    mine, others, after = asyncio.run(over_the_change())
    assert (mine["model_version"], others["known"], after["model_version"]) == ("7", True, "8")


def test_a_server_that_goes_away_is_said_and_comes_back_by_itself(client, server):
    assert client.get("/health").status_code == 200
    server.stop()
    try:
        answer = client.get("/users/1/recommendations")
        assert answer.status_code == 503
        assert "the database does not answer" in answer.json()["detail"]
        assert "postgres@" not in answer.text
        assert client.page("/").status_code == 503
        assert client.get("/metrics").status_code == 200
    finally:
        server.start()
    eventually(lambda: client.get("/users/1/recommendations").status_code == 200)


def test_a_database_without_a_mart_or_a_day_says_that_there_is_nothing_yet(database, lake):
    settings = settings_with(lake, database)
    with served(settings, PostgresStore(settings)) as client:
        assert "nothing has been published" in client.get("/health").json()["detail"]
        postgres_server.lay_out(database)
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
