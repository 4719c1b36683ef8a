import datetime
import math

import pytest

from conf.settings import AlsSettings
from conf.tables import TABLES
from jobs.model.pairs import played, plays_as_of, trained_on, weighted
from jobs.recommendation.candidates import popularity

D = datetime.date(2024, 3, 3)


def at(day, hour=12):
    return datetime.datetime(2024, 3, day, hour, tzinfo=datetime.UTC)


def seen(day):
    return datetime.date(2024, 3, day)


LISTENS = [
    (1, 10, at(1), 0, at(1), seen(1)),
    (1, 11, at(2), 0, at(2), seen(2)),
    (1, 12, at(2), 0, at(3), seen(3)),  # a later version of the row above: it holds
    (1, 13, at(2), 1, at(3), seen(3)),
    (1, 10, at(3), 0, at(3), seen(3)),  # heard before
    (2, 14, at(3), 0, at(3), seen(3)),
    (2, 15, at(3, 23), 0, at(4), seen(4)),  # of the date, but known a day later
    (2, 16, at(4, 0), 0, at(4), seen(3)),  # of the day after
]


@pytest.fixture(scope="module")
def plays(spark):
    return plays_as_of(spark.createDataFrame(LISTENS, TABLES["listens"].ddl), D)


def test_what_was_known_and_had_happened_by_the_end_of_the_date_in_its_latest_version(plays):
    found = sorted((row["user_id"], row["track_id"]) for row in plays.collect())
    assert found == [(1, 10), (1, 10), (1, 12), (1, 13), (2, 14)]


def test_what_was_played_in_the_days_and_whether_it_had_been_heard_before_them(plays):
    assert sorted(map(tuple, played(plays, D, D).collect())) == [(1, 10, 1, True), (2, 14, 1, False)]
    first_two = sorted(map(tuple, played(plays, seen(1), seen(2)).collect()))
    assert first_two == [(1, 10, 1, False), (1, 12, 1, False), (1, 13, 1, False)]


def test_popular_first_by_recent_plays_then_by_all_then_by_id_with_unplayed_ones_last(spark, plays):
    tracks = spark.createDataFrame([(9,), (8,), (14,), (13,), (10,)], "track_id bigint")
    found = [tuple(row) for row in popularity(plays, tracks, D, days=1).collect()]
    assert found == [(10, 1, 2), (14, 1, 1), (13, 0, 1), (8, 0, 0), (9, 0, 0)]


def weights(plays, **recipe):
    return {(row["user_id"], row["track_id"]): row["weight"] for row in weighted(plays, D, recipe).collect()}


def test_a_pair_weighs_its_plays(plays):
    assert weights(plays) == {(1, 10): 2, (1, 12): 1, (1, 13): 1, (2, 14): 1}


def test_a_play_weighs_half_for_each_half_life_that_has_passed_by_the_end_of_the_date(plays):
    found = weights(plays, half_life_days=1)
    assert found[1, 10] == pytest.approx(0.5**2.5 + 0.5**0.5)  # at noon two days before, and on the date
    assert found[1, 12] == pytest.approx(0.5**1.5)


def test_the_log_is_of_one_and_the_plays(plays):
    assert weights(plays, weighting="log")[1, 10] == pytest.approx(math.log(3))


def test_once_a_pair_weighs_at_most_one(plays):
    assert weights(plays, weighting="once") == {(1, 10): 1, (1, 12): 1, (1, 13): 1, (2, 14): 1}


def test_who_has_too_few_tracks_and_what_has_too_few_users_is_not_trained_on(spark):
    pairs = spark.createDataFrame([(1, 10), (1, 11), (2, 10), (3, 10), (3, 11)], "user_id bigint, track_id bigint")

    def left(**least):
        return sorted((row["user_id"], row["track_id"]) for row in trained_on(pairs, AlsSettings(**least)).collect())

    assert left() == [(1, 10), (1, 11), (2, 10), (3, 10), (3, 11)]
    assert left(min_user_tracks=2) == [(1, 10), (1, 11), (3, 10), (3, 11)]
    assert left(min_track_users=3) == [(1, 10), (2, 10), (3, 10)]
