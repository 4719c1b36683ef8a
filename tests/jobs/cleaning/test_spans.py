"""Spans of dates say what a dictionary of dates would, whatever the order in which the dates come."""

import datetime
import random

import pytest

from jobs.cleaning.spans import corrections

SCHEMA = "user_id bigint, genres string, served_from date, served_until date"
DAYS = [datetime.date(2024, 3, day) for day in range(1, 9)]


def day(number):
    return None if number is None else datetime.date(2024, 3, number)


def corrected(spark, spans, held, start, end):
    """Spans (id, genres, from, until) after the corrections, as the table would have them."""
    stored = spark.createDataFrame(spans, SCHEMA)
    found = corrections(stored, spark.createDataFrame(held, "user_id bigint, genres string"), "user_id", start, end)
    by_key = {(span[0], span[2]): span for span in spans}
    for row in found.select("user_id", "genres", "served_from", "served_until").collect():
        by_key.pop((row.user_id, row.served_from), None)
        if row.served_until is None or row.served_until > row.served_from:
            by_key[row.user_id, row.served_from] = tuple(row)
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
def test_one_date(spark, spans, held, start, end, expected):
    spans, expected = ([(i, g, day(a), day(b)) for i, g, a, b in rows] for rows in (spans, expected))
    assert corrected(spark, spans, list(held.items()), day(start), day(end)) == expected


def test_only_ids_that_change_are_written(spark):
    stored = spark.createDataFrame([(number, "rock", DAYS[0], None) for number in range(5)], SCHEMA)
    held = spark.createDataFrame([(number, "rock") for number in range(4)], "user_id bigint, genres string")
    [row] = corrections(stored, held, "user_id", DAYS[3], None).collect()
    assert (row.user_id, row.served_from, row.served_until) == (4, DAYS[0], DAYS[3])


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


@pytest.mark.parametrize("seed", range(3))
def test_in_any_order_with_gaps_and_dates_run_again_they_say_what_each_date_held(spark, seed):
    chance = random.Random(seed)
    states, spans = {}, []
    for _ in range(9):
        date = chance.choice(DAYS)
        held = {user: chance.choice(["a", "b", None]) for user in range(4) if chance.random() < 0.6}
        end = min((other for other in states if other > date), default=None)
        spans = corrected(spark, spans, list(held.items()), date, end)
        states[date] = held
        assert spans == spans_of(states)
