"""Ten history rows and what becomes of each of their plays."""

import collections
import datetime
import json

import pytest

from conf.contract import LISTENS
from jobs.cleaning import plays, rows
from jobs.cleaning.checks import checked
from jobs.cleaning.forms import Context

DATE = datetime.date(2024, 3, 1)
FETCHED = datetime.datetime(2024, 3, 3, tzinfo=datetime.UTC)


def history(user, items, created="2024-03-01T10:00:00", updated="2024-03-01T11:00:00"):
    return {"user_id": user, "items": items, "created_at": created, "updated_at": updated}


# Users 1 and 2 and tracks 10, 11 and 12 are known.
HISTORY = [
    history(1, [10, 11]),
    history(1, [10, 11]),  # the same again
    history(2, [10, 99, None, "11", -3, 12]),  # of six plays two are good
    history(1, [10], created="2024-02-28T23:59:00", updated="2024-02-28T23:59:00"),
    history(1, [11, 12], created="2024-02-28T23:59:00", updated="2024-02-29T08:00:00"),  # replaces the row above
    history(2, [10], created="2024-03-02T00:00:00"),  # after the date, before the fetch
    history(7, [10, 11]),  # nobody knows user 7
    history(None, [10]),
    history(2, []),
    history(2, None, created="2024-03-01T12:00:00"),
]


@pytest.fixture(scope="module")
def outcomes(spark):
    lines = spark.createDataFrame([(json.dumps(row),) for row in HISTORY], "value string")
    good = rows.with_outcome(checked(lines, LISTENS, Context(FETCHED)), LISTENS)
    users = spark.createDataFrame([(1,), (2,)], "user_id bigint")
    tracks = spark.createDataFrame([(10,), (11,), (12,)], "track_id bigint")
    known = plays.add_unknown(good, users, "user_id", "unknown_user")
    referenced = plays.add_unknown(plays.explode_plays(known), tracks, "track_id", "unknown_track")
    return plays.with_play_outcome(referenced, DATE).persist()


@pytest.fixture(scope="module")
def judged(outcomes):
    return outcomes.collect()


@pytest.fixture(scope="module")
def quarantined(outcomes):
    return [(row["reasons"], row["row"]) for row in rows.quarantine(outcomes, LISTENS, DATE).collect()]


def test_every_play_has_one_outcome(judged):
    # Plays: 2 + 2 + 6 + 1 + 2 + 1 + 2 + 1, and one each for the rows with no usable items.
    assert len(judged) == 19
    counts = collections.Counter(row["outcome"] for row in judged)
    assert counts == {"clean": 6, "duplicate": 3, "later": 1, "quarantined": 9}


def test_good_plays_of_a_row_with_bad_ones_are_kept_with_their_position(judged):
    kept = sorted(
        (row["position"], row["track_id"]) for row in judged if row["user_id"] == 2 and row["outcome"] == "clean"
    )
    assert kept == [(0, 10), (5, 12)]


def test_bad_plays_go_alone_with_their_own_item(quarantined):
    def kept(item):
        return json.dumps(history(2, [item]))

    found = [row for row in quarantined if row[0] != ["unknown_user"] and '"user_id": 2, "items": [' in row[1]]
    assert sorted(found) == [
        (["items_empty"], json.dumps(history(2, []))),
        (["items_null"], kept(None)),
        (["items_out_of_range"], kept(-3)),
        (["items_wrong_type"], kept("11")),
        (["unknown_track"], kept(99)),
    ]


def test_the_later_version_of_a_row_replaces_all_plays_of_the_older(judged):
    night = [row for row in judged if row["listened_at"] and row["listened_at"].day == 28]
    assert sorted((row["track_id"], row["outcome"]) for row in night) == [
        (10, "duplicate"),
        (11, "clean"),
        (12, "clean"),
    ]


def test_a_row_that_is_bad_itself_takes_all_of_its_plays_along(judged):
    reasons = sorted(tuple(row["reasons"]) for row in judged if row["user_id"] in (7, None))
    assert reasons == [("unknown_user",), ("unknown_user",), ("user_id_null",)]


def test_a_row_with_no_usable_items_counts_as_one_play(judged):
    none = [(row["reasons"], row["outcome"]) for row in judged if row["position"] is None]
    assert sorted(none) == [(["items_empty"], "quarantined"), (["items_null"], "quarantined")]
