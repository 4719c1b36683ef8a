"""Whether the three entities of a day belong together."""

import pathlib

import numpy as np
import pytest

from conf.contract import ENTITIES
from lake.layout import raw_folder
from tasks import api as fetching
from tasks.api import ids
from tasks.api.ids import Ids
from tests.tasks.api.conftest import DATE, session, track
from tests.tasks.api.fault_server import Answer


@pytest.fixture
def fetch_entities(api, tmp_path: pathlib.Path):
    def run(*names: str) -> None:
        for name in names or ENTITIES:
            fetching.fetch_snapshot(ENTITIES[name], raw_folder(tmp_path, name, DATE), DATE, api)

    return run


@pytest.fixture
def check(api, tmp_path: pathlib.Path):
    return lambda: fetching.check_day(tmp_path, DATE, api)


def raw_folders(root: pathlib.Path) -> list[str]:
    return sorted(path.parent.name for path in root.glob("raw/*/date=*"))


def test_figures_of_a_whole_day(fetch_entities, check):
    fetch_entities()
    figures = check()
    assert (figures["tracks"]["asked_again"], figures["tracks"]["changed"]) == (95, 0)
    assert figures["listen_history.user_id"] == {"distinct": 40, "unknown": 0}
    assert figures["listen_history.items"] == {"distinct": 77, "unknown": 0}


def test_day_found_good_is_not_asked_again(fetch_entities, check, server):
    fetch_entities()
    figures = check()
    server.seen.clear()
    server.rows["/tracks"].clear()
    assert check() == figures
    assert server.seen == []


def test_day_fetched_anew_is_asked_again(fetch_entities, check, server, tmp_path):
    fetch_entities()
    check()
    (raw_folder(tmp_path, "users", DATE) / "_manifest.json").unlink()
    fetch_entities("users")
    server.seen.clear()
    check()
    assert server.seen


@pytest.mark.parametrize("missing", ["tracks", "users"])
def test_history_of_ids_that_the_day_does_not_hold(fetch_entities, check, server, tmp_path, missing):
    """The history names 77 tracks and 40 users, some of which are gone before anything is fetched."""
    keep = {"tracks": 60, "users": 31}[missing]
    server.rows["/" + missing] = server.rows["/" + missing][:keep]
    fetch_entities()
    found = {
        "tracks": r"2024-03-01: of 77 ids in listen_history\.items the day's tracks lack 17 \(22%\)",
        "users": r"2024-03-01: of 40 ids in listen_history\.user_id the day's users lack 9 \(22%\)",
    }[missing]
    with pytest.raises(fetching.TornDay, match=found + r", allowed are 20% \(\[api\] max_unknown_share\).*run again"):
        check()
    assert raw_folders(tmp_path) == []


def test_a_few_unknown_ids_are_left_to_cleaning(fetch_entities, check, server):
    server.rows["/users"] = server.rows["/users"][:32]
    server.rows["/listen_history"] += [
        session(1) | {"user_id": None},
        session(2) | {"items": None},
        session(3) | {"user_id": "text", "items": [10**30, -1, 1.5, True]},
    ]
    fetch_entities()
    assert check()["listen_history.user_id"] == {"distinct": 40, "unknown": 8}


@pytest.mark.parametrize("before", [1, 2])
@pytest.mark.parametrize("totals", ["same", "lower", "higher"])
def test_restart_between_two_entities(fetch_entities, check, server, tmp_path, before, totals):
    """The same ids with other names; the share of unknown ids says nothing."""
    names = list(ENTITIES)
    fetch_entities(*names[:before])
    for rows in server.rows.values():
        rows[:] = [row | {"updated_at": "2024-02-29T00:00:00"} for row in rows]
    server.rows["/tracks"] += [track(number) for number in range(96, 120)] if totals == "higher" else []
    del server.rows["/tracks"][90 if totals == "lower" else 1000 :]
    fetch_entities(*names[before:])
    with pytest.raises(fetching.TornDay) as caught:
        check()
    assert str(caught.value) == (
        "2024-03-01: of 95 rows of tracks that were asked again 95 are not those that were fetched, allowed are 20%: "
        "the API was restarted, or its data replaced, between the entities; run again to fetch all anew"
    )
    assert raw_folders(tmp_path) == []
    fetch_entities()
    check()


def test_refused_day_can_be_looked_at_until_the_next_fetch(fetch_entities, check, server, tmp_path):
    fetch_entities()
    server.rows["/tracks"].clear()
    with pytest.raises(fetching.TornDay):
        check()
    aside = tmp_path / "raw" / "users" / f".date={DATE}.refused"
    assert (aside / "_manifest.json").is_file()
    fetch_entities("users")
    assert not aside.exists()


def test_what_happens_on_a_living_api_is_no_restart(fetch_entities, check, server):
    fetch_entities()
    rows = server.rows["/tracks"]
    del rows[0]  # all rows move up a place
    rows[40] = rows[40] | {"name": "edited"}
    rows += [track(number) for number in range(96, 120)]
    assert check()["tracks"] | {"fetched_at": ""} == {"asked_again": 95, "changed": 2, "fetched_at": ""}


def test_api_that_is_gone_leaves_the_day_for_the_next_run(fetch_entities, check, server, tmp_path):
    fetch_entities()
    server.fault = lambda request: Answer(reset=True)
    with pytest.raises(fetching.ApiError, match=r"^tracks: GET http"):
        check()
    server.fault = lambda request: None
    assert raw_folders(tmp_path) == ["listen_history", "tracks", "users"]
    check()


def test_missing_entity_is_named(fetch_entities, check):
    fetch_entities("tracks", "users")
    with pytest.raises(fetching.DamagedSnapshot, match=r"listen_history/date=2024-03-01.*fetch it first"):
        check()


def test_ids_are_distinct_and_sorted_over_many_merges(monkeypatch):
    monkeypatch.setattr(ids, "MERGE", 3)
    known = Ids()
    for number in (5, 3, 5, 1, 2**63 - 1, 2**63, -1, None, True, "7", 3):
        known.add([number])
    assert np.array_equal(known.values(), [1, 3, 5, 2**63 - 1])
