"""Spans of dates say what a dictionary of dates would, whatever the order in which the dates come."""

import datetime
import random

import pyarrow as pa
import pytest

from conf.tables import USERS_SERVED
from jobs.cleaning.spans import corrections
from lake.delta import arrow_schema

SCHEMA = arrow_schema(USERS_SERVED)
HELD = pa.schema([("user_id", pa.int64()), ("genres", pa.string())])
DAYS = [datetime.date(2024, 3, day) for day in range(1, 9)]


def day(number):
    return None if number is None else datetime.date(2024, 3, number)


def table(rows, schema=SCHEMA):
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema=schema)


def corrected(spans, held, start, end):
    """Spans (id, genres, from, until) after the corrections, as the table would have them."""
    found = corrections(table(spans), table(held, HELD), "user_id", start, end).select(SCHEMA.names)
    by_key = {(span[0], span[2]): span for span in spans}
    for row in map(tuple, (row.values() for row in found.to_pylist())):
        by_key.pop((row[0], row[2]), None)
        if row[3] is None or row[3] > row[2]:
            by_key[row[0], row[2]] = row
    return sorted(by_key.values(), key=lambda span: (span[0], span[2]))


ROCK = (1, "rock", 2, 6)
CASES = {
    "nothing was there": ([], {1: "rock"}, 3, 5, [(1, "rock", 3, 5)]),
    "it goes on": ([(1, "rock", 2, None)], {1: "rock"}, 4, None, [(1, "rock", 2, None)]),
    "it is gone": ([(1, "rock", 2, None)], {}, 4, None, [(1, "rock", 2, 4)]),
    "it was never there": ([(1, "rock", 2, None)], {}, 2, None, []),
    "its genres change": ([ROCK], {1: "folk"}, 4, 6, [(1, "rock", 2, 4), (1, "folk", 4, 6)]),
    "its genres change in the middle": (
        [ROCK], {1: "folk"}, 3, 5, [(1, "rock", 2, 3), (1, "folk", 3, 5), (1, "rock", 5, 6)],
    ),
    "it is gone in the middle": ([ROCK], {}, 3, 5, [(1, "rock", 2, 3), (1, "rock", 5, 6)]),
    "it comes back": ([(1, "rock", 1, 2)], {1: "rock"}, 4, None, [(1, "rock", 1, 2), (1, "rock", 4, None)]),
    "it joins what was before": ([(1, "rock", 1, 3)], {1: "rock"}, 3, 5, [(1, "rock", 1, 5)]),
    "it joins what comes after": ([(1, "rock", 5, None)], {1: "rock"}, 3, 5, [(1, "rock", 3, None)]),
    "it fills a gap": ([(1, "rock", 1, 3), (1, "rock", 5, 6)], {1: "rock"}, 3, 5, [(1, "rock", 1, 6)]),
    "neighbours with other genres stay": (
        [(1, "a", 1, 3), (1, "c", 5, 6)], {1: "b"}, 3, 5, [(1, "a", 1, 3), (1, "b", 3, 5), (1, "c", 5, 6)],
    ),
    "no genres are genres of their own": ([(1, None, 1, 3), (1, "", 5, 6)], {1: None}, 3, 5, [(1, None, 1, 5), (1, "", 5, 6)]),
    "several spans lie within": (
        [(1, "a", 1, 3), (1, "b", 3, 4), (1, "a", 4, None)], {1: "c"}, 2, 6,
        [(1, "a", 1, 2), (1, "c", 2, 6), (1, "a", 6, None)],
    ),
    "others stay as they are": ([ROCK, (2, "folk", 1, None)], {1: "rock", 2: "folk"}, 2, 6, [ROCK, (2, "folk", 1, None)]),
}  # fmt: skip


@pytest.mark.parametrize(("spans", "held", "start", "end", "expected"), CASES.values(), ids=list(CASES))
def test_one_date(spans, held, start, end, expected):
    spans, expected = ([(i, g, day(a), day(b)) for i, g, a, b in rows] for rows in (spans, expected))
    assert corrected(spans, list(held.items()), day(start), day(end)) == expected


def test_only_ids_that_change_are_written():
    stored = table([(number, "rock", DAYS[0], None) for number in range(5)])
    held = table([(number, "rock") for number in range(4)], HELD)
    [row] = corrections(stored, held, "user_id", DAYS[3], None).to_pylist()
    assert row == {"user_id": 4, "genres": "rock", "served_from": DAYS[0], "served_until": DAYS[3]}


def spans_of(states):
    """The spans that a state by date amounts to: each lasts until the next date, and equal ones in a row are one."""
    dates, found = sorted(states), []
    for user in sorted({user for held in states.values() for user in held}):
        last = None
        for date, end in zip(dates, [*dates[1:], None], strict=True):
            if user not in states[date]:
                last = None
            elif last and last[1] == states[date][user]:
                last = (*last[:3], end)
                found[-1] = last
            else:
                last = (user, states[date][user], date, end)
                found.append(last)
    return found


@pytest.mark.parametrize("seed", range(40))
def test_in_any_order_with_gaps_and_dates_run_again_they_say_what_each_date_held(seed):
    chance = random.Random(seed)
    states, spans = {}, []
    for _ in range(9):
        date = chance.choice(DAYS)
        held = {user: chance.choice(["a", "b", None]) for user in range(4) if chance.random() < 0.6}
        end = min((other for other in states if other > date), default=None)
        spans = corrected(spans, list(held.items()), date, end)
        states[date] = held
        assert spans == spans_of(states)
