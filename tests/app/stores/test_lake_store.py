import asyncio

import numpy as np
import pytest

from app.stores.lake_store import LakeStore
from app.stores.store import Away, NoDay
from conf.tables import marker
from lake.access import Lake
from tests.app.lakes import DAY, LISTS, NEXT, listed, publish, small_lake, songs
from tests.app.serving import eventually, served, settings_of

OTHER = listed(1, [2, 4], version="8")


@pytest.fixture
def lake(tmp_path):
    return small_lake(tmp_path / "lake")


def store_of(lake: Lake) -> LakeStore:
    return LakeStore(settings_of(lake.root))


def look(store: LakeStore) -> None:
    asyncio.run(store._look())


async def first(store: LakeStore, user: int = 1) -> tuple:
    async with store.day() as day:
        listing = await day.recommendations(user, 1)
        return day.date, listing["model_version"], listing["recommendations"][0]["track"]["track_id"]


@pytest.mark.slow
def test_a_new_day_is_served_without_a_restart(lake):
    settings = settings_of(lake.root)
    with served(settings, LakeStore(settings)) as client:
        assert client.get("/users/1/recommendations").json()["date"] == str(DAY)
        publish(lake, NEXT, OTHER)
        eventually(lambda: client.get("/health").json()["date"] == str(NEXT))
        answer = client.get("/users/1/recommendations").json()
        assert (answer["model_version"], answer["recommendations"][0]["track"]["track_id"]) == ("8", 2)
        assert client.get("/users/2/recommendations").json()["known"] is False


def test_what_began_with_a_day_ends_with_it(lake):
    store = store_of(lake)
    look(store)

    async def over_the_change():
        async with store.day() as day:
            publish(lake, NEXT, OTHER)
            await store._look()
            held = await day.recommendations(1, 1), await day.recommendations(2, 1), day.date
        return held, await first(store)

    (mine, others, date), after = asyncio.run(over_the_change())
    assert (mine["model_version"], others["known"], date) == ("7", True, DAY)
    assert after == (NEXT, "8", 2)


def test_lists_that_are_not_committed_whole_are_not_served(lake):
    rows = [{**row, "date": NEXT} for row in OTHER]
    lake.append_rows(rows, "recommendations", "recommendations/half/x")
    store = store_of(lake)
    look(store)
    assert asyncio.run(first(store))[0] == DAY
    lake.mark("recommendations", marker("recommendations", "Recommend", NEXT))
    look(store)
    assert asyncio.run(first(store))[0] == NEXT


def test_a_day_that_is_not_over_is_not_served(lake):
    publish(Lake(lake.root, revision=0), NEXT, OTHER)
    store = store_of(lake)
    look(store)
    assert asyncio.run(first(store))[0] == DAY


def test_a_day_that_was_recomputed_is_served_anew(lake):
    store = store_of(lake)
    look(store)
    publish(Lake(lake.root, revision=2), DAY, OTHER)
    look(store)
    assert asyncio.run(first(store)) == (DAY, "8", 2)


def test_other_commits_to_the_table_build_nothing(lake, monkeypatch):
    store = store_of(lake)
    look(store)
    before = store.day()
    lake.mark("recommendations", "recommendations/Maintain/x")
    look(store)
    assert store.day() is before


@pytest.mark.slow
def test_an_empty_lake_answers_that_there_is_nothing_yet_and_serves_the_first_day(tmp_path):
    settings = settings_of(tmp_path / "lake")
    with served(settings, LakeStore(settings)) as client:
        answer = client.get("/users/1/recommendations")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
        assert "no lists have been published" in answer.json()["detail"]
        assert client.page("/").status_code == 503
        assert "moovitamix_app_served_date_seconds 0" in client.get("/metrics").text
        small_lake(settings.lake.root)
        eventually(lambda: client.get("/health").status_code == 200)


def test_a_day_that_cannot_be_read_leaves_the_last_one_and_is_tried_again(lake, monkeypatch):
    store = store_of(lake)
    look(store)
    publish(lake, NEXT, OTHER)
    with monkeypatch.context() as broken:
        broken.setattr("app.stores.lake_store.read_day", lambda *_: 1 / 0)
        look(store)
    assert store.failing == "division by zero"
    assert asyncio.run(first(store))[0] == DAY
    look(store)
    assert (store.failing, asyncio.run(first(store))[0]) == ("", NEXT)


def test_a_listed_track_that_the_table_of_tracks_misses_has_its_id_for_a_name(tmp_path):
    lake = Lake(str(tmp_path))
    songs(lake)
    publish(lake, DAY, listed(1, [77, 4], because=(88,)))
    store = store_of(lake)
    look(store)

    async def names():
        async with store.day() as day:
            return [row["track"]["name"] for row in (await day.recommendations(1, 9))["recommendations"]]

    assert asyncio.run(names()) == ["Track 77", "Train of Thought"]


def test_a_lake_with_lists_alone_is_served(tmp_path):
    lake = Lake(str(tmp_path))
    publish(lake, DAY, LISTS)
    store = store_of(lake)
    look(store)

    async def everything():
        async with store.day() as day:
            return await day.history(1, 5), await day.similar(1), (await day.health())["champion"]

    assert asyncio.run(first(store)) == (DAY, "7", 4)
    assert asyncio.run(everything()) == ([], [], None)


@pytest.mark.parametrize("damage", [lambda part: part.unlink(), lambda part: part.write_bytes(b"PAR1")])
def test_data_that_are_gone_or_cut_are_told_as_a_lake_that_is_away(lake, tmp_path, damage):
    store = store_of(lake)
    look(store)
    for part in (tmp_path / "lake" / "listens").glob("**/*.parquet"):
        damage(part)

    async def history():
        async with store.day() as day:
            return await day.history(1, 5)

    with pytest.raises(Away):
        asyncio.run(history())


def test_nothing_there_is_an_error_of_its_own(tmp_path):
    with pytest.raises(NoDay):
        asyncio.run(first(store_of(Lake(str(tmp_path)))))


def test_the_table_of_users_is_never_opened(lake, monkeypatch):
    opened = set()
    real = Lake.open
    monkeypatch.setattr(Lake, "open", lambda self, table: opened.add(table) or real(self, table))
    settings = settings_of(lake.root)
    with served(settings, LakeStore(settings)) as client:
        for path in ("/", "/listeners/1", "/songs?q=blue", "/songs/1", "/model", "/users/1/history", "/users"):
            assert client.get(path).status_code == 200
    assert "users" not in opened
    assert opened >= {"recommendations", "tracks", "listens", "similar_tracks", "evaluations", "decisions"}


def test_many_lists_keep_their_own_tracks(tmp_path):
    """Every list of a thousand, of lengths from 1 to 5, comes back as it was written, whatever the order of the rows."""
    generator = np.random.default_rng(1)
    lake = Lake(str(tmp_path))
    songs(lake)
    lists = {user: generator.permutation(5)[: 1 + user % 5] + 1 for user in range(1000)}
    rows = [row for user, tracks in lists.items() for row in listed(user, tracks.tolist(), because=[user % 5 + 1])]
    publish(lake, DAY, [rows[place] for place in generator.permutation(len(rows))])
    store = store_of(lake)
    look(store)

    async def read():
        async with store.day() as day:
            return {user: (await day.recommendations(user, 9))["recommendations"] for user in lists}

    found = asyncio.run(read())
    assert {user: [row["track"]["track_id"] for row in found[user]] for user in lists} == {
        user: tracks.tolist() for user, tracks in lists.items()
    }
    assert all(row["because"][0]["track_id"] == user % 5 + 1 for user in lists for row in found[user])
