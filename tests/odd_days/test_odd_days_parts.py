"""The parts of the odd days that need no lake: what is drawn, and what the rules give."""

import collections
import datetime
import json

import pytest
import requests

from tests.odd_days import compare, generator, texts, times
from tests.odd_days.generator import ENTITIES, KINDS, OPENINGS, SPANS
from tests.odd_days.oracle import Oracle
from tests.odd_days.rows import Row, row
from tests.odd_days.server import serving

DATE = datetime.date(2024, 3, 1)
FETCHED = dict.fromkeys(ENTITIES, datetime.datetime(2024, 3, 3, 0, 30, tzinfo=datetime.UTC))
LONG_AFTER = dict.fromkeys(ENTITIES, datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC))
SEEDS = range(4)


def drawn(seed, count=30):
    return generator.days(seed, count)[1]


def texts_of(days):
    return [[one.text for name in ENTITIES for one in day.served[name]] for day in days]


def test_a_seed_repeats_its_days_and_another_makes_others():
    assert texts_of(drawn(4)) == texts_of(drawn(4))
    assert texts_of(drawn(4)) != texts_of(drawn(5))


def test_thirty_days_begin_with_an_opening_have_every_kind_and_end_with_a_usual_day():
    days = drawn(1)
    assert [day.date for day in days] == [generator.FIRST + number * generator.DAY for number in range(30)]
    assert days[0].kind in OPENINGS
    assert {day.kind for day in days} >= {*KINDS, *SPANS}
    assert (days[-1].kind, days[-1].night) == ("a usual day", "runs")
    assert {kind for day in days for kind in day.odd} >= {*texts.KINDS, *times.KINDS}


@pytest.mark.parametrize("seed", SEEDS)
def test_no_day_is_so_odd_that_it_is_refused_for_it(seed):
    """Shares that [clean] max_bad_share, [api] max_unknown_share and max_volume_fall allow, with room."""
    zone, days = generator.days(seed, 30)
    oracle, usual = Oracle(zone), collections.defaultdict(list)
    for day in days:
        if day.night != "runs":
            continue
        oracle.add(day.date, day.served, day.date, LONG_AFTER)
        for said in oracle.accounting[-3:]:
            assert said["quarantined"] <= 0.25 * said["fetched"], (day.date, said)
        for name, rows in day.served.items():
            recent = sorted(usual[name][-7:])
            assert not recent or len(rows) > 0.6 * recent[len(recent) // 2], (day.date, name)
            usual[name].append(len(rows))
        assert unknown_share(day.served, "user_id", oracle.served[day.date]["users"]) < 0.2, day
        assert unknown_share(day.served, "items", oracle.served[day.date]["tracks"]) < 0.2, day


def unknown_share(served, field, known):
    named = set()
    for one in served["listen_history"]:
        value = one.value(field) or ()
        named |= {int(text) for text in ([value] if isinstance(value, str) else value) if text.isdecimal()}
    return len([one for one in named if one < 2**63 and one not in known]) / len(named)


def test_the_server_gives_pages_under_the_contract_with_rows_to_the_letter():
    odd = Row((("id", "1e2"), ("id", "-0"), ("name", '"\\ud800"')), gap="\t")
    with serving() as api:
        api.served = {"tracks": [odd, Row(bare="null")]}
        answer = requests.get(f"{api.url}/tracks", params={"page": 2, "size": 1}, timeout=10)
        assert answer.json() == {"items": [None], "total": 2, "page": 2, "size": 1, "pages": 2}
        assert (
            b'{"id":\t1e2,\t"id":\t-0,\t"name":\t"\\ud800"}'
            in requests.get(f"{api.url}/tracks", params={"page": 1, "size": 1}, timeout=10).content
        )
        assert requests.get(f"{api.url}/other", timeout=10).status_code == 404


def a_track(number, **values):
    stamp = "2024-01-01T10:00:00"
    base = {"id": number, "name": "Song", "artist": "Band", "songwriters": None, "duration": "03:05", "genres": "Rock"}
    return row(**{**base, "album": None, "created_at": stamp, "updated_at": stamp, **values})


def a_user(number, **values):
    stamp = "2024-01-01T10:00:00"
    base = {"id": number, "first_name": "Ann", "last_name": "Lee", "email": "ann@example.org", "gender": None}
    return row(**{**base, "favorite_genres": "Rock", "created_at": stamp, "updated_at": stamp, **values})


def a_session(user, items, created, updated):
    return row(user_id=user, items=items, created_at=f"2024-{created}:00", updated_at=f"2024-{updated}:00")


# The worked example of docs/explanation/cleaning.md.
HISTORY = [
    a_session(1, [10, 11], "03-01T10:00", "03-01T11:00"),
    a_session(1, [10, 11], "03-01T10:00", "03-01T11:00"),
    a_session(2, [10, 99, None, "11", -3], "03-01T10:00", "03-01T11:00"),
    a_session(1, [10, 98], "02-28T23:59", "02-28T23:59"),
    a_session(1, [11, 12], "02-28T23:59", "02-29T08:00"),
    a_session(2, [10, 12], "03-02T09:00", "03-02T09:30"),
    a_session(7, [10], "03-01T12:00", "03-01T12:00"),
    a_session(1, [10], "03-01T12:00", "02-30T12:00"),
    a_session(2, [], "03-01T13:00", "03-01T13:00"),
    a_session(2, [11], "03-03T08:00", "03-03T08:05"),
]


@pytest.fixture
def example():
    oracle = Oracle("UTC")
    tracks, users = [a_track(number) for number in (10, 11, 12)], [a_user(number) for number in (1, 2)]
    oracle.add(DATE, {"tracks": tracks, "users": users, "listen_history": HISTORY}, DATE, FETCHED)
    return oracle


def test_the_rules_give_what_the_worked_example_of_the_documents_says(example):
    said = example.accounting[-1]
    assert {name: said[name] for name in ("rows", "fetched", "clean", "duplicate", "quarantined", "later")} == {
        "rows": 10,
        "fetched": 19,
        "clean": 5,
        "duplicate": 3,
        "quarantined": 9,
        "later": 2,
    }
    assert json.loads(said["reasons"]) == {
        "unknown_track": 2,
        "items_null": 1,
        "items_wrong_type": 1,
        "items_out_of_range": 1,
        "unknown_user": 1,
        "updated_at_malformed": 1,
        "items_empty": 1,
        "created_at_after_fetch": 1,
        "updated_at_after_fetch": 1,
    }
    assert example.heard(DATE) == {1: {10, 11, 12}, 2: {10}}


def test_quarantine_keeps_a_play_alone_and_hides_what_is_personal(example):
    kept = [one["row"] for one in example.quarantine]
    assert (
        '{"user_id": 2, "items": ["11"], "created_at": "2024-03-01T10:00:00", "updated_at": "2024-03-01T11:00:00"}'
        in kept
    )
    users = [a_user(3, email="none").with_more(("phone", "1")), Row(bare='"Ann"')]
    example.add(DATE + generator.DAY, {"tracks": [], "users": users, "listen_history": []}, DATE, FETCHED)
    row, bare = (one["row"] for one in example.quarantine[-2:])
    assert row.startswith('{"id": 3, "first_name": "***", "last_name": "***", "email": "***", "gender": null,')
    assert row.endswith('"phone": "***"}')
    assert bare == '"***"'


@pytest.mark.parametrize(
    ("zone", "stamp", "moment"),
    [
        ("Europe/Paris", "2023-10-29T02:30:00", "2023-10-29T00:30:00"),  # shown twice: the first
        ("Europe/Paris", "2023-03-26T02:30:00", "2023-03-26T01:30:00"),  # left out: the time before goes on
        ("Asia/Kolkata", "2023-03-26T02:30:00.1234567", "2023-03-25T21:00:00.123456"),
        ("Asia/Kolkata", "2023-03-26T02:30:00Z", "2023-03-26T02:30:00"),
    ],
)
def test_a_stamp_becomes_the_moment_that_a_person_would_give(zone, stamp, moment):
    oracle = Oracle(zone)
    oracle.add(DATE, {"tracks": [a_track(1, created_at=stamp)], "users": [], "listen_history": []}, DATE, FETCHED)
    assert oracle.tracks[1]["created_at"] == datetime.datetime.fromisoformat(f"{moment}+00:00")


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"id": -1}, "id_out_of_range"),
        ({"id": 2**63}, "id_out_of_range"),
        ({"id": 1.5}, "id_wrong_type"),
        ({"name": "\u200b \u3000"}, "name_empty"),
        ({"artist": None}, "artist_null"),
        ({"album": 5}, "album_wrong_type"),
        ({"duration": "3:5"}, "duration_malformed"),
        ({"created_at": "0001-01-01T00:00:00+02:00"}, "created_at_malformed"),
        ({"updated_at": "9999-12-31T23:59:59"}, "updated_at_after_fetch"),
    ],
)
def test_a_row_that_breaks_a_rule_has_its_reason(values, reason):
    oracle = Oracle("UTC")
    oracle.add(DATE, {"tracks": [a_track(1, **values)], "users": [], "listen_history": []}, DATE, FETCHED)
    assert [one["reasons"] for one in oracle.quarantine] == [[reason]]
    assert not oracle.tracks


def test_a_track_that_leaves_and_comes_back_has_two_spans():
    oracle = Oracle("UTC")
    for place, tracks in enumerate(([a_track(1), a_track(2)], [a_track(2)], [a_track(1), a_track(2)])):
        date = DATE + place * generator.DAY
        oracle.add(date, {"tracks": tracks, "users": [], "listen_history": []}, date, FETCHED)
    spans = [(one["track_id"], one["served_from"].day, one["served_until"]) for one in oracle.spans["tracks_served"]]
    assert spans == [(1, 1, DATE + generator.DAY), (2, 1, None), (1, 3, None)]
    assert oracle.tracks[1]["last_seen"] == DATE + 2 * generator.DAY


@pytest.mark.parametrize("name", ["tracks", "quarantine", "accounting"])
def test_a_row_that_is_not_as_the_rules_say_is_told(example, name):
    expected, found = example.tables(), example.tables()
    assert compare.differences(found, expected) == []
    changed = min(found[name])
    found[name] -= collections.Counter([changed])
    found[name] += collections.Counter([changed.replace("2024-03-01", "2024-03-02")])
    lines = compare.differences(found, expected)
    assert lines[0] == f"{name}: 1 rows are missing, 1 are there beside the rules'"
    assert len(lines) == 3
