"""People who asked to be forgotten: their rows are proven with all others, and never reach the disk."""

import functools
import json

import pytest

from conf.contract import ENTITIES, LISTENS, USERS
from conf.errors import BadSetting
from jobs.cleaning.suppressed import hold_against_list
from lake import suppression
from lake.layout import raw_folder
from tasks import api as fetching
from tests.tasks.api.conftest import DATE, lines

KEY = "a key of the tests' own"
# HMAC-SHA256 (RFC 2104) of the text 7: printf 7 | openssl dgst -sha256 -hmac "$KEY"
SEVEN = "c27da21425c6c4b5cb9ba06cd5b3f882667332987fcd4fb6a92ef1df5128bb0a"


@pytest.fixture
def listed(tmp_path, monkeypatch):
    """User 7 is on the list."""
    monkeypatch.setenv("MOOVITAMIX_SUPPRESSION_KEY", KEY)
    return suppression.add(tmp_path, KEY, [suppression.hashed(KEY, 7)])


@pytest.fixture
def fetch_all(api, tmp_path):
    def run():
        load = functools.partial(suppression.load, tmp_path)
        return {
            name: fetching.fetch_snapshot(entity, raw_folder(tmp_path, name, DATE), DATE, api, suppression=load)
            for name, entity in ENTITIES.items()
        }

    return run


def test_their_rows_are_counted_and_not_written(listed, fetch_all, tmp_path):
    manifests = fetch_all()
    users = [json.loads(line)["id"] for line in lines(raw_folder(tmp_path, "users", DATE))]
    assert len(users) == 39
    assert 7 not in users
    history = [json.loads(line)["user_id"] for line in lines(raw_folder(tmp_path, "listen_history", DATE))]
    # Of 73 sessions, dealt to 40 users in turn, user 7 has numbers 6 and 46, of five plays each.
    assert (len(history), 7 in history) == (71, False)
    counts = {name: (m.total, m.rows, m.suppressed["rows"], m.suppressed["units"]) for name, m in manifests.items()}
    assert counts == {"tracks": (95, 95, 0, 0), "users": (40, 39, 1, 1), "listen_history": (73, 71, 2, 10)}
    assert {m.suppressed["list"] for m in manifests.values()} == {listed.digest}


def test_the_day_is_proven_with_the_rows_that_were_left_out(listed, fetch_all, api, tmp_path):
    fetch_all()
    figures = fetching.check_day(tmp_path, DATE, api)
    assert {name: figures[name]["changed"] for name in ENTITIES} == dict.fromkeys(ENTITIES, 0)


def test_a_folder_that_a_person_was_taken_out_of_is_proven_as_before(fetch_all, api, tmp_path, monkeypatch):
    fetch_all()
    monkeypatch.setenv("MOOVITAMIX_SUPPRESSION_KEY", KEY)
    suppression.add(tmp_path, KEY, [SEVEN])
    for entity in ENTITIES.values():
        hold_against_list(str(tmp_path), entity, DATE)
    manifests = fetch_all()
    assert (manifests["users"].rows, manifests["users"].suppressed["rows"]) == (39, 1)
    assert (manifests["listen_history"].rows, manifests["listen_history"].suppressed["units"]) == (71, 10)
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "raw" / "users").rglob("*")} == {0}
    assert fetching.check_day(tmp_path, DATE, api)["users"]["changed"] == 0


def test_nothing_is_fetched_where_the_key_is_missing(listed, fetch_all, monkeypatch, tmp_path, server):
    monkeypatch.delenv("MOOVITAMIX_SUPPRESSION_KEY")
    with pytest.raises(BadSetting, match=r"\[lake\] suppression_key: found none, required are at least 16 characters"):
        fetch_all()
    assert server.seen == []


def test_another_key_than_the_lists_is_refused_unseen(listed, monkeypatch, tmp_path):
    monkeypatch.setenv("MOOVITAMIX_SUPPRESSION_KEY", "quite another key, as long")
    with pytest.raises(BadSetting, match=r"found another key \(not shown\)") as refused:
        suppression.load(tmp_path)
    assert "quite" not in refused.value.message


def test_a_lake_that_nobody_left_asks_for_no_key(tmp_path):
    assert suppression.load(tmp_path) == suppression.Suppression()


@pytest.mark.parametrize("spelt", [7, "7", " 7 ", 7.0])
def test_an_id_is_known_however_it_is_spelt(listed, spelt):
    assert listed.holds(USERS, {"id": spelt})
    assert listed.holds(LISTENS, {"user_id": spelt})


@pytest.mark.parametrize("row", [{"id": 70}, {"id": None}, {"id": True}, {"id": 7.5}, {"user_id": 7}, [7], 7, None])
def test_other_rows_are_let_be(listed, row):
    assert not listed.holds(USERS, row)


def test_the_list_names_nobody_without_its_key(listed, tmp_path):
    stored = (tmp_path / "_suppressed.json").read_text()
    assert (tmp_path / "_suppressed.json").stat().st_mode & 0o777 == 0o600
    assert KEY not in stored
    assert json.loads(stored)["people"] == [SEVEN]
    assert KEY not in repr(listed)


def test_raw_rows_are_readable_by_their_owner_only(fetch_all, tmp_path):
    fetch_all()
    modes = {path.stat().st_mode & 0o077 for path in (tmp_path / "raw" / "users").rglob("*")}
    assert modes == {0}
    assert (tmp_path / "raw").stat().st_mode & 0o077 == 0
