"""The demo's data: a pure function of seed and day, with tastes and with dirt."""

import collections
import datetime
import json

import pytest

from demo_api.snapshot import take_snapshot

DAY = datetime.date(2026, 11, 20)
NEXT = DAY + datetime.timedelta(days=1)
ENTITIES = ("tracks", "users", "listen_history")


@pytest.fixture(scope="module")
def today():
    return take_snapshot(1, DAY)


@pytest.fixture(scope="module")
def tomorrow():
    return take_snapshot(1, NEXT)


def text(row):
    return json.dumps(row, sort_keys=True)


@pytest.mark.parametrize("entity", ENTITIES)
def test_two_starts_serve_the_same_and_another_seed_other_rows(today, entity):
    assert getattr(take_snapshot(1, DAY), entity) == getattr(today, entity)
    assert getattr(take_snapshot(2, DAY), entity) != getattr(today, entity)


@pytest.mark.parametrize("entity", ENTITIES)
def test_the_next_day_serves_more_and_leaves_what_was_there_where_it_stood(today, tomorrow, entity):
    before, after = getattr(today, entity), getattr(tomorrow, entity)
    assert len(after) > len(before)
    assert after[: len(before)] == before


def test_a_session_appears_when_it_has_ended(today):
    good = [row for row in today.listen_history if str(row.get("updated_at", "")).startswith("2026-")]
    assert good
    assert max(row["updated_at"] for row in good) < NEXT.isoformat()
    assert any(
        row["created_at"][:10] < row["updated_at"][:10] for row in good if isinstance(row.get("created_at"), str)
    )


def test_it_is_of_the_size_that_a_first_look_needs(today):
    assert 1000 <= len(today.users) <= 1300
    assert 3000 <= len(today.tracks) <= 3600
    days = {
        row["created_at"][:10] for row in today.listen_history if str(row.get("created_at", "")).startswith("2026-")
    }
    assert 60 <= len(days) <= 95


@pytest.mark.parametrize("entity", ENTITIES)
def test_dirt_is_there_and_rare(today, entity):
    rows = getattr(today, entity)
    kinds = collections.Counter(
        tuple(sorted((name, type(value).__name__) for name, value in row.items())) for row in rows
    )
    assert len(kinds) > 2  # missing fields, nulls, wrong types
    assert sum(count for _, count in kinds.most_common()[2:]) < 0.02 * len(rows)
    repeated = [count for count in collections.Counter(map(text, rows)).values() if count > 1]
    assert repeated


def test_what_is_normal_upstream_is_there_too(today):
    tracks = [
        row for row in today.tracks if isinstance(row.get("updated_at"), str) and isinstance(row.get("created_at"), str)
    ]
    assert any(row["updated_at"] < row["created_at"] for row in tracks)
    assert any(row.get("duration") == "00:00" for row in tracks)
    assert {"." in row["created_at"] for row in tracks} == {True, False}
    emails = collections.Counter(row.get("email") for row in today.users)
    assert emails.most_common(1)[0][1] > 1
