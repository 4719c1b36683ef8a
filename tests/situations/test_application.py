"""The application tells what is true, from the lake and from PostgreSQL alike.

A world is a lake of a few rows; each test asks it through either store, and what both answer is the same text.
"""

import contextlib
import dataclasses
import datetime
import pathlib
import shutil
from collections.abc import Callable, Iterator

import psycopg
import pytest

from app.stores.lake_store import LakeStore
from app.stores.postgres_store import PostgresStore
from conf.settings import PostgresSettings, RecommendSettings
from jobs.mart.publication import publish as publish_to_mart
from lake.access import Lake
from tests.app.lakes import DAY, NEXT, PLAYS, at, decision, listed, play, publish, small_lake
from tests.app.serving import MORNING, Client, eventually, served, settings_of
from tests.services.postgres.conftest import replaced
from tests.services.postgres.server import running

BEFORE = DAY - datetime.timedelta(days=1)
HEARD_ALL, LEFT, STRANGER = 5, 6, 999
BIG = 2**53 + 1  # a browser's number would be 2**53
LAST = 2**63 - 1
NAMES = {
    BIG: "Beyond numbers",
    20: "\u202eorder of words",
    21: "Ω" * 1_000_000,
    22: "👩‍👩‍👧 family",
    23: "أغنية جميلة",
    24: "\u200bHidden <i>start</i>",
}


@dataclasses.dataclass
class World:
    """``publish`` brings a date of the lake to where the application reads it."""

    lake: Lake
    publish: Callable[[datetime.date], None]
    serve: Callable[..., contextlib.AbstractContextManager[Client]]


def users(lake: Lake, ids: list[int], first: datetime.date = BEFORE, until: datetime.date | None = None) -> None:
    """Users of the snapshots from a date on, up to the one before ``until``."""
    last = until - datetime.timedelta(days=1) if until else NEXT
    seen = {"first_seen": first, "last_seen": last, "created_at": at(1, 0), "updated_at": at(1, 0)}
    name = f"{min(ids)}-{first}"
    lake.append_rows([{"user_id": user, **seen} for user in ids], "users", f"users/CleanUsers/{name}")
    spans = [{"user_id": user, "genres": None, "served_from": first, "served_until": until} for user in ids]
    lake.append_rows(spans, "users_served", f"users_served/CleanUsers/{name}")


def cleaned(lake: Lake, *dates: datetime.date) -> None:
    for date in dates:
        row = {"date": date, "entity": "listen_history", "revision": 1, "snapshot_date": date, "reasons": "{}"}
        lake.append_rows([row], "accounting", f"accounting/CleanListens/{date}")


def tracks(lake: Lake, names: dict[int, str], last: datetime.date = NEXT) -> None:
    stamp = {"created_at": at(1, 0), "updated_at": at(1, 0), "first_seen": DAY, "last_seen": last}
    rows = [
        {"track_id": track, "name": name, "artist": name, "album": name, "duration_s": 60, **stamp}
        for track, name in names.items()
    ]
    lake.append_rows(rows, "tracks", f"tracks/CleanTracks/{min(names)}-{last}")


def world_lake(root) -> Lake:
    """The small lake with what left: track 6, which is similar to 1 and was heard, and a user; and who heard all."""
    lake = small_lake(root, published=False)
    tracks(lake, NAMES)
    row = {"model_version": "7", "track_id": 1, "rank": 3, "similar_track_id": 6, "score": 0.2}
    lake.append_rows([row], "similar_tracks", "similar_tracks/PromoteModel/y")
    lake.append_rows([play(LEFT, 6, at(1, 3)), play(BIG, BIG, at(1, 3))], "listens", "listens/CleanListens/y")
    users(lake, sorted({play_["user_id"] for play_ in PLAYS} | {12, 120, HEARD_ALL, BIG, LAST}))
    users(lake, [LEFT], until=DAY)
    cleaned(lake, DAY)
    return lake


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with running("fsync=off") as url:
        yield url


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> pathlib.Path:
    root = tmp_path_factory.mktemp("template") / "lake"
    world_lake(root)
    return root


SERVER = pytest.param("postgresql", marks=pytest.mark.services)


def world_of(request, root: pathlib.Path) -> World:
    shutil.copytree(request.getfixturevalue("template"), root)
    lake = Lake(str(root))
    settings = dataclasses.replace(settings_of(root), recommend=RecommendSettings(k=3))
    if request.param == "lake":
        return World(lake, lambda date: None, lambda **how: served(settings, LakeStore(settings), **how))
    mart = dataclasses.replace(settings, postgres=empty_database(request.getfixturevalue("server"), request.scope))

    def publish_date(date: datetime.date) -> None:
        publish_to_mart(lake, date, mart)

    return World(lake, publish_date, lambda **how: served(mart, PostgresStore(mart), **how))


def empty_database(server: str, name: str) -> PostgresSettings:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    return PostgresSettings(url=replaced(server, name))


@pytest.fixture(params=[pytest.param("lake", marks=pytest.mark.slow), SERVER])
def world(request, tmp_path) -> World:
    return world_of(request, tmp_path / "lake")


@pytest.fixture(params=["lake", SERVER], scope="module")
def client(request, tmp_path_factory) -> Iterator[Client]:
    """Over a day on which user 5 has a list of no rows, and the one with a large id a list."""
    world = world_of(request, tmp_path_factory.mktemp("world") / "lake")
    publish(world.lake, DAY, LISTS_OF_THE_DAY)
    world.publish(DAY)
    with world.serve() as client:
        yield client


LISTS_OF_THE_DAY = [*listed(1, [4, 5, 2]), *listed(2, [1, 4], because=(6,)), *listed(BIG, [BIG, 21, 20], because=(22,))]


def advice(client: Client, user: int) -> tuple:
    answer = client.get(f"/users/{user}/recommendations").json()
    return (
        answer["known"],
        answer["why"],
        answer["source"],
        [row["track"]["track_id"] for row in answer["recommendations"]],
    )


def test_who_heard_everything_is_known_and_told_so(client):
    assert advice(client, HEARD_ALL) == (True, "all_heard", "", [])
    page = client.page(f"/listeners/{HEARD_ALL}").text
    assert "heard every song of the service" in page
    assert "Nobody" not in page
    assert client.page(f"/listeners?id={HEARD_ALL}").headers["location"] == f"/listeners/{HEARD_ALL}"


def test_a_short_list_says_that_the_rest_was_heard(client):
    assert advice(client, 2)[1:] == ("all_heard", "als", [1, 4])
    assert advice(client, 1)[1] == ""
    assert "heard every other song" in client.page("/listeners/2").text
    assert "heard every other song" not in client.page("/listeners/1").text
    assert client.get("/users/1/recommendations?k=1").json()["why"] == ""


def test_who_left_and_who_never_came_are_told_apart(client):
    known, why, source, ids = advice(client, LEFT)
    assert (known, why, source) == (False, "left", "popular")
    assert ids == advice(client, STRANGER)[3]
    assert advice(client, STRANGER)[:2] == (False, "unknown")
    assert "No longer a listener" in client.page(f"/listeners/{LEFT}").text
    assert "Nobody with this id" in client.page(f"/listeners/{STRANGER}").text
    assert len(client.get(f"/users/{LEFT}/history").json()["plays"]) == 1


def test_listeners_without_a_row_are_found_after_those_with_one(client):
    assert client.get("/users?limit=9").json()["user_ids"] == [1, 2, BIG, 3, HEARD_ALL, 12, 120, LAST]
    assert client.get("/users?prefix=12").json()["user_ids"] == [12, 120]
    assert client.get(f"/users?prefix={LEFT}").json()["user_ids"] == []


def test_a_track_that_left_is_offered_nowhere_and_stands_in_histories(client):
    assert [row["track"]["track_id"] for row in client.get("/tracks/1").json()["similar"]] == [4, 2]
    assert client.get("/tracks?q=gone").json()["tracks"] == []
    assert 6 not in advice(client, STRANGER)[3]
    heard = {
        play["track"]["track_id"]: play["track"]["available"] for play in client.get("/users/2/history").json()["plays"]
    }
    assert heard == {3: True, 6: False}
    assert client.get("/tracks/6").json()["track"]["available"] is False
    assert "no longer available" in client.page("/songs/6").text
    assert client.page("/listeners/2").text.count("no longer available") == 1
    for path in ("/", "/songs", "/songs/1", "/songs?q=o"):
        assert 'href="/songs/6"' not in client.page(path).text, path


def test_large_ids_stay_whole_in_answers_links_and_forms(client):
    text = client.get(f"/users/{BIG}/recommendations").text
    assert f'"user_id":{BIG}' in text
    assert f'"track_id":{BIG}' in text
    assert f'"user_ids":[{BIG}]' in client.get(f"/users?prefix={str(BIG)[:12]}").text
    page = client.page(f"/listeners/{BIG}").text
    assert f'href="/songs/{BIG}"' in page
    assert client.page(f"/listeners?id={BIG}").headers["location"] == f"/listeners/{BIG}"
    assert client.page(f"/listeners?id={BIG - 1}").status_code == 200  # another id, and nobody's
    assert client.get(f"/tracks/{BIG}").json()["track"]["name"] == NAMES[BIG]
    assert client.get(f"/tracks/{BIG - 1}").status_code == 404
    assert advice(client, LAST)[0] is True


@pytest.mark.parametrize("user", ["0", "-1", "1_000", "1.0", "1e3", "+1", "９"])
def test_what_is_no_id_is_refused_and_zero_is_one(client, user):
    expected = 200 if user == "0" else 422
    assert client.get(f"/users/{user}/recommendations").status_code == expected
    assert client.page(f"/listeners/{user}").status_code == expected


def test_names_of_all_kinds_are_shown_as_text_that_disturbs_nothing_beside_it(client):
    page = client.page(f"/listeners/{BIG}").text
    assert f"<bdi>{NAMES[20]}</bdi>" in page
    assert len(page) < 50_000
    assert "Ω" * 100 in page
    assert client.get("/tracks/21").json()["track"]["name"] == NAMES[21]
    song = client.page("/songs/20").text
    assert "<title> order of words · MooVitamix</title>" in song
    assert "<i>" not in client.page("/songs/24").text
    long = client.page("/songs/21").text
    assert "Ω" * 161 not in long
    assert "Ω… · MooVitamix</title>" in long


def test_the_link_of_a_long_name_leads_to_a_page(client):
    page = client.page("/songs/21").text
    link = page.split('href="/songs?q=')[1].split('"')[0]
    answer = client.page(f"/songs?q={link}")
    assert answer.status_code == 200
    assert 'href="/songs/21"' in answer.text


def test_a_day_on_which_nobody_has_a_list_is_a_day(world):
    publish(world.lake, DAY, [])
    world.publish(DAY)
    with world.serve() as client:
        health = client.get("/health").json()
        assert (health["date"], health["users"], health["model_version"]) == (str(DAY), 0, "7")
        assert advice(client, 1) == (True, "all_heard", "", [])
        assert client.get("/tracks/1").json()["similar"] != []
        assert "No listener has a list" in client.page("/").text
        assert client.page("/model").status_code == 200


def test_a_day_without_lists_takes_the_place_of_one_with_them(world):
    publish(world.lake, DAY)
    world.publish(DAY)
    cleaned(world.lake, NEXT)
    publish(world.lake, NEXT, [])
    world.publish(NEXT)
    with world.serve() as client:
        assert client.get("/health").json()["date"] == str(NEXT)
        assert advice(client, 1)[:2] == (True, "all_heard")


def test_an_empty_catalogue_is_said(world):
    world.lake.delete("tracks", ("track_id", ">", 0))
    for table in ("listens", "similar_tracks"):
        world.lake.delete(table, ("track_id", ">", 0))
    publish(world.lake, DAY, [])
    world.publish(DAY)
    with world.serve() as client:
        assert advice(client, 1) == (True, "no_tracks", "", [])
        assert advice(client, STRANGER) == (False, "unknown", "popular", [])
        assert "The service has no song" in client.page("/listeners/1").text
        for path in ("/", "/songs", "/songs?q=x", "/model", "/listeners"):
            assert client.page(path).status_code == 200, path


def test_songs_that_nobody_played_lately_are_not_called_played(world):
    world.lake.delete("listens", ("user_id", ">", 0))
    publish(world.lake, DAY)
    world.publish(DAY)
    with world.serve() as client:
        rows = client.get(f"/users/{STRANGER}/recommendations?k=3").json()["recommendations"]
        assert [(row["track"]["track_id"], row["score"]) for row in rows] == [(1, 0), (2, 0), (3, 0)]
        assert "What everybody plays" not in client.page("/").text
        assert "Songs to begin with" in client.page("/songs").text
        assert "Played 0 times" not in client.page(f"/listeners/{STRANGER}").text


def test_a_model_that_was_rolled_back_is_named_where_its_lists_stand(world):
    back = decision(DAY, "rollback", "rollback", "by hand, from model 7 to model 6", "6")
    world.lake.append_rows([back], "decisions", "decisions/rollback")
    publish(world.lake, DAY, listed(1, [3, 5, 2], version="6"))
    world.publish(DAY)
    with world.serve() as client:
        answer = client.get("/users/1/recommendations").json()
        assert (answer["model_version"], client.get("/health").json()["model_version"]) == ("6", "6")
        assert [row["track"]["track_id"] for row in client.get("/tracks/1").json()["similar"]] == [3, 5]
        assert "put back by hand" in client.page("/model").text


@pytest.mark.parametrize("clock", ["late", "early"])
def test_the_clock_says_what_is_due_and_never_asks_for_what_is_past(world, clock):
    publish(world.lake, DAY)
    world.publish(DAY)
    now = {"late": MORNING + datetime.timedelta(days=3), "early": MORNING - datetime.timedelta(days=9000)}[clock]
    with world.serve(now=lambda: now) as client:
        answer = client.get("/users/1/recommendations").json()
        assert (answer["date"], answer["stale"]) == (str(DAY), clock == "late")
        assert answer["expected_date"] == ("2024-03-04" if clock == "late" else str(DAY))
        assert ("are not there yet" in client.page("/").text) is (clock == "late")


def test_who_is_forgotten_while_it_runs_is_nobody(world):
    publish(world.lake, DAY, LISTS_OF_THE_DAY)
    world.publish(DAY)
    with world.serve() as client:
        assert advice(client, HEARD_ALL)[0]
        for table in ("users", "users_served", "recommendations", "listens"):
            world.lake.delete(table, ("user_id", "in", [1, HEARD_ALL]))
        publish_anew(world)
        eventually(lambda: advice(client, 1)[:2] == (False, "unknown"))
        assert advice(client, HEARD_ALL)[:2] == (False, "unknown")
        assert client.get("/users/1/history").json()["plays"] == []
        assert not {1, HEARD_ALL} & set(client.get("/users").json()["user_ids"])


def publish_anew(world: World) -> None:
    """The next day's publication takes a forgotten user from the mart; the lake's own readers see it at once."""
    cleaned(world.lake, NEXT)
    publish(world.lake, NEXT, [row for row in LISTS_OF_THE_DAY if row["user_id"] != 1])
    world.publish(NEXT)


def test_no_answer_is_kept_over_a_new_day(world):
    publish(world.lake, DAY)
    world.publish(DAY)
    with world.serve() as client:
        first = client.get("/users/1/recommendations")
        assert first.headers["cache-control"] == "private, no-cache"
        cleaned(world.lake, NEXT)
        publish(world.lake, NEXT, listed(1, [2, 4, 3], version="8"))
        world.publish(NEXT)
        asked = {
            "If-None-Match": first.headers.get("etag", '"x"'),
            "If-Modified-Since": "Fri, 01 Jan 2038 00:00:00 GMT",
        }
        eventually(lambda: client.get("/users/1/recommendations", headers=asked).json()["date"] == str(NEXT))


@pytest.mark.slow
def test_a_lake_that_is_replaced_is_read_anew_and_one_that_is_gone_is_said(template, tmp_path, monkeypatch):
    monkeypatch.setattr("app.stores.lake_store.EVERY", 0.02)
    settings = settings_of(tmp_path / "lake")
    for name, track in (("lake", 4), ("other", 2)):
        shutil.copytree(template, tmp_path / name)
        publish(Lake(str(tmp_path / name)), DAY, listed(1, [track], version="7"))
    with served(settings, LakeStore(settings)) as client:
        assert advice(client, 1)[3] == [4]
        (tmp_path / "lake").rename(tmp_path / "aside")
        answer = client.get("/users/1/history")
        assert (answer.status_code, "cannot be read" in answer.text) == (503, True)
        shutil.move(tmp_path / "other", tmp_path / "lake")
        eventually(lambda: advice(client, 1)[3] == [2])
        assert client.get("/users/1/history").status_code == 200


@pytest.mark.services
def test_both_stores_give_the_same_text(tmp_path, server):
    lake = world_lake(tmp_path / "lake")
    publish(lake, DAY, LISTS_OF_THE_DAY)
    mine = dataclasses.replace(settings_of(lake.root), recommend=RecommendSettings(k=3))
    mart = dataclasses.replace(mine, postgres=empty_database(server, "twin"))
    publish_to_mart(lake, DAY, mart)
    ids = [1, 2, 3, HEARD_ALL, LEFT, 12, STRANGER, BIG, LAST, 0]
    paths = [f"/users/{user}/{part}" for user in ids for part in ("recommendations?k=100", "history")]
    paths += [f"/listeners/{user}" for user in ids] + [f"/listeners?id={user}" for user in ids]
    paths += [f"/tracks/{track}" for track in (1, 2, 5, 6, BIG, *NAMES, 777)] + [
        f"/songs/{track}" for track in (1, 6, 20)
    ]
    paths += [f"/{kind}?q={text}" for kind in ("tracks", "songs") for text in ("gone", "o", "order", "%20", "beyond")]
    paths += [f"/users?prefix={prefix}" for prefix in ("", "1", "9", "0", LEFT)] + ["/", "/songs", "/model", "/health"]
    with served(mine, LakeStore(mine)) as one, served(mart, PostgresStore(mart)) as other:
        for path in paths:
            found, wanted = other.page(path), one.page(path)
            assert (found.status_code, found.text) == (wanted.status_code, wanted.text), path
