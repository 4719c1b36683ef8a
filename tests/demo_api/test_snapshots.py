"""The demo's data: a pure function of seed and day, with tastes and with dirt."""

import collections
import datetime

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


@pytest.mark.slow
@pytest.mark.parametrize("entity", ENTITIES)
def test_two_starts_serve_the_same_and_another_seed_other_rows(today, entity):
    assert getattr(take_snapshot(1, DAY), entity) == getattr(today, entity)
    assert getattr(take_snapshot(2, DAY), entity) != getattr(today, entity)


@pytest.mark.slow
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


@pytest.mark.slow
def test_the_oldest_month_leaves_at_once_and_what_stays_keeps_its_order():
    last_of_two_months, first_of_one = (take_snapshot(1, datetime.date(2026, 11, day)) for day in (29, 30))
    before, after = last_of_two_months.listen_history, first_of_one.listen_history
    assert before[0]["updated_at"][:10] == "2026-09-01"
    assert after[0]["updated_at"][:10] == "2026-10-01"
    kept = before[next(place for place, row in enumerate(before) if row == after[0]) :]
    assert after[: len(kept)] == kept


def test_what_is_normal_upstream_is_there_too(today):
    tracks = [
        row for row in today.tracks if isinstance(row.get("updated_at"), str) and isinstance(row.get("created_at"), str)
    ]
    assert any(row["updated_at"] < row["created_at"] for row in tracks)
    assert any(row.get("duration") == "00:00" for row in tracks)
    assert {"." in row["created_at"] for row in tracks} == {True, False}
    assert shared({row["id"]: row.get("email") for row in today.users})
    assert shared({row.get("id"): row.get("name") for row in today.tracks})
    assert any(row["updated_at"] < row["created_at"] for row in today.users)


def shared(texts):
    """Texts that more than one id has."""
    return [text for text, times in collections.Counter(texts.values()).items() if text and times > 1]


def test_some_history_is_older_than_its_user(today):
    created = {row["id"]: row["created_at"] for row in today.users if isinstance(row.get("id"), int)}
    assert any(
        row["created_at"] < created[row["user_id"]] for row in today.listen_history if row.get("user_id") in created
    )
