"""What moves to ``suppressed``, by hand."""

import datetime
import json

import pytest

from conf.contract import LISTENS, USERS
from jobs.privacy import plan
from tests.jobs import raw

DAY = datetime.date(2024, 3, 1)


def at(day, hour=10):
    return f"2024-03-{day:02d}T{hour:02d}:00:00"


def bad(row, *reasons):
    return {"row": json.dumps(row), "reasons": list(reasons)}


def test_plays_move_from_the_outcome_that_they_had():
    rows = [
        raw.history(17, [1, 2], at(1), at(1, 12)),  # 2 clean
        raw.history(17, [1], at(1), at(1, 11)),  # 1 duplicate: the row above is a later version
        raw.history(17, [3, 99], at(1, 8)),  # 1 clean, 1 quarantined
        raw.history(17, [2, 1], at(2)),  # 2 later
        raw.history(17, [], at(1, 9)),  # counts as one, quarantined
    ]
    quarantined = [
        bad(raw.history(17, [99], at(1, 8)), "unknown_track"),
        bad(raw.history(17, [], at(1, 9)), "items_empty"),
    ]
    expected = {"clean": 3, "duplicate": 1, "quarantined": 2, "later": 2}
    assert plan.moves(LISTENS, rows, quarantined, DAY, "UTC") == expected


def test_a_bad_row_does_not_compete():
    rows = [raw.history(17, [1], at(1), "2024-02-30T12:00:00"), raw.history(17, [1, 2], at(1), at(1))]
    quarantined = [bad(rows[0], "updated_at_malformed")]
    assert plan.moves(LISTENS, rows, quarantined, DAY, "UTC") == {"clean": 2, "quarantined": 1}


def test_the_same_row_twice_is_clean_once():
    row = raw.history(17, [1, 2], at(1))
    assert plan.moves(LISTENS, [row, row], [], DAY, "UTC") == {"clean": 2, "duplicate": 2}


def test_stamps_without_a_zone_are_of_the_settings_zone():
    late = raw.history(17, [1], "2024-03-01T23:30:00")
    assert plan.moves(LISTENS, [late], [], DAY, "UTC") == {"clean": 1}
    assert plan.moves(LISTENS, [late], [], DAY, "America/New_York") == {"later": 1}


def test_a_user_is_one_row_and_its_repeats_duplicates():
    rows = [raw.user(17), raw.user(17, updated_at=at(1)), raw.user(17, email="none")]
    masked = {**rows[2], "email": "***", "first_name": "***", "last_name": "***"}
    found = plan.moves(USERS, rows, [bad(masked, "email_malformed")], DAY, "UTC")
    assert sum(found.values()) == 3
    assert found["quarantined"] == 1


def test_where_raw_is_not_kept_the_tables_say_it():
    stamp = datetime.datetime(2024, 3, 1, 10, tzinfo=datetime.UTC)
    later = stamp + datetime.timedelta(hours=1)
    plays = [
        {"listened_at": stamp, "updated_at": stamp, "first_seen": DAY},
        {"listened_at": stamp, "updated_at": stamp, "first_seen": DAY},
        {"listened_at": stamp, "updated_at": later, "first_seen": DAY + datetime.timedelta(days=1)},
    ]
    assert plan.moves_of_tables(LISTENS, plays, True, 4, DAY) == {"clean": 2, "quarantined": 4}
    assert plan.moves_of_tables(LISTENS, plays, True, 0, DAY + datetime.timedelta(days=1)) == {"clean": 1}
    assert plan.moves_of_tables(USERS, plays, True, 0, DAY) == {"clean": 1}
    assert plan.moves_of_tables(USERS, plays, False, 0, DAY) == {}


def test_the_sum_stays_and_nothing_falls_below_zero():
    row = {"clean": 3, "duplicate": 0, "quarantined": 1, "later": 0, "suppressed": 5, "reasons": '{"a": 2, "b": 1}'}
    moved = plan.moved(row, {"clean": 4, "quarantined": 1}, {"a": 1, "b": 1})
    assert moved == {**row, "clean": 0, "quarantined": 0, "suppressed": 9, "reasons": '{"a": 1}'}


@pytest.mark.parametrize(
    ("entity", "row", "theirs"),
    [
        (LISTENS, '{"user_id": 17, "items": [1]}', True),
        (LISTENS, '{"user_id": "17"}', True),
        (LISTENS, '{"user_id": 1, "items": [17]}', False),
        (USERS, '{"id": 17}', True),
        (USERS, '{"id": 170}', False),
        (LISTENS, '"***"', False),
        (LISTENS, "not JSON 17", False),
    ],
)
def test_a_row_of_quarantine_is_the_persons_by_its_id(entity, row, theirs):
    assert plan.is_theirs(entity, row, 17) is theirs
