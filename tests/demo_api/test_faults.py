import datetime

import pytest

from demo_api.faults import FAULTS, spoiled
from demo_api.snapshot import ServedState

DAY = datetime.date(2026, 11, 20)
SOUND = ServedState(
    DAY,
    [{"id": 1}],
    [{"id": place, "favorite_genres": "pop"} for place in range(10)],
    [{"user_id": place} for place in range(100)],
)


def test_lost_history_is_gone_from_everywhere_alike():
    kept = [row["user_id"] for row in spoiled(SOUND, ["history-lost"]).listen_history]
    assert len(kept) == 40
    assert {user // 10 for user in kept} == set(range(10))


def test_a_field_goes_null_for_some_and_the_sound_rows_stay_as_they_are():
    users = spoiled(SOUND, ["genres-null"]).users
    assert sum(row["favorite_genres"] is None for row in users) == 6
    assert all(row["favorite_genres"] == "pop" for row in SOUND.users)


def test_repeated_rows_stand_beside_each_other():
    rows = spoiled(SOUND, ["history-repeated"]).listen_history
    assert len(rows) == 105
    assert rows[19] == rows[20]


def test_faults_add_up_and_none_is_none():
    both = spoiled(SOUND, ["history-repeated", "genres-null"])
    assert (len(both.listen_history), both.users[9]["favorite_genres"]) == (105, None)
    assert spoiled(SOUND, []) is SOUND


def test_a_fault_that_there_is_not_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="fire: not a fault; there are history-lost, genres-null"):
        spoiled(SOUND, ["fire"])
    assert len(FAULTS) == 4
