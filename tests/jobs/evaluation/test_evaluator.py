"""A day of four listeners, worked out by hand: what is made and what is served meet the same users and plays."""

import datetime

import numpy as np
import pyarrow as pa
import pytest

from conf.settings import EvaluateSettings, RecommendSettings, Settings
from jobs.evaluation.evaluate import grouped, user_rows
from jobs.evaluation.evaluator import Evaluator
from jobs.model.factors import FactorModel
from jobs.model.pairs import played
from jobs.runtime.session import persisted

DAY = datetime.date(2024, 3, 10)
SETTINGS = Settings(evaluate=EvaluateSettings(k=2), recommend=RecommendSettings(k=2, popular_days=30))


def at(day):
    return datetime.datetime(2024, 3, day, 12, tzinfo=datetime.UTC)


BEFORE = [(1, 10, at(8)), (1, 10, at(9)), (2, 10, at(9)), (2, 11, at(9)), (4, 13, at(9))]
# User 1 finds 11, user 2 repeats, user 3 is new, user 4 plays nothing.
ON_DAY = [(1, 11, at(10)), (2, 10, at(10)), (3, 12, at(10))]
SERVED = [(1, 1, 12), (1, 2, 10), (2, 1, 12), (2, 2, 13), (3, 1, 12), (3, 2, 10), (4, 1, 10), (4, 2, 11)]


def nobody(spark):
    """Favourite genres of nobody."""
    return spark.createDataFrame([], "user_id bigint, genres string")


@pytest.fixture(scope="module")
def measured(spark):
    """What was served, and popularity."""
    types = "user_id bigint, track_id bigint, listened_at timestamp"
    day = played(spark.createDataFrame(BEFORE + ON_DAY, types), DAY, DAY).toArrow()
    tracks = spark.createDataFrame([(10,), (11,), (12,), (13,)], "track_id bigint")
    trial = Evaluator(spark.createDataFrame(BEFORE, types), tracks, nobody(spark), day, DAY, SETTINGS)
    with persisted(trial.pairs):
        served = trial.measure(spark.createDataFrame(SERVED, "user_id bigint, rank int, track_id bigint"))
        return served, trial.measure(trial.popular())


def test_those_are_measured_who_played_something_new_to_them(measured):
    for each in measured:
        assert each.users.index.tolist() == [1, 3]


def test_what_was_served_is_held_against_the_plays_and_what_was_heard_before(measured):
    served, _ = measured
    assert served.users["mrr_2"].tolist() == [0, 1]
    assert served.users["repeats_2"].tolist() == [1 / 2, 0]  # user 1 had heard 10
    # Of five plays three are of 10, and none of 12.
    bits = (np.log2(5) + np.log2(5 / 3)) / 2
    assert served.users["novelty_2"].tolist() == pytest.approx([bits, bits])


def test_popularity_leaves_out_what_a_user_had_heard(measured):
    _, popular = measured
    # User 1 gets 11 and 13, user 3 gets 10 and 11.
    assert popular.users["mrr_2"].tolist() == [1, 0]
    assert popular.users["repeats_2"].tolist() == [0, 0]
    coverage = {row["k"]: row["value"] for row in popular.figures() if row["metric"] == "coverage"}
    assert coverage[2] == 3 / 4


def test_on_a_day_on_which_nobody_found_anything_new_nobody_is_measured(spark):
    plays = spark.createDataFrame(BEFORE, "user_id bigint, track_id bigint, listened_at timestamp")
    day = played(plays, DAY, DAY).toArrow()
    trial = Evaluator(plays, spark.createDataFrame([(10,)], "track_id bigint"), nobody(spark), day, DAY, SETTINGS)
    assert day.num_rows == 0
    assert trial.measure(trial.popular()).figures() == []


@pytest.fixture
def firsts():
    return pa.table({"user_id": [1, 2, 3, 4], "source": ["als", "als", "popular", "popular"]})


def model_of(user_ids):
    users, nobody = np.array(user_ids), np.empty((0, 1), np.float32)
    return FactorModel(np.empty(0, np.int64), nobody, users, np.zeros((len(users), 1), np.float32), {})


@pytest.mark.parametrize(("trained", "known", "new"), [([1, 4], [1], [3]), ([4], [], [1, 3]), ([1, 3], [1], [])])
def test_users_the_model_was_fitted_with_and_newer_ones_are_apart(measured, firsts, trained, known, new):
    groups = grouped(*measured, firsts, model_of(trained))
    users = {name: group.users.index.tolist() for name, group in groups.items()}
    assert users["als"] == users["popularity_als"] == [1]
    assert users["als_known"] == users["popularity_known"] == known
    assert users["als_new"] == users["popularity_new"] == new


def test_without_a_model_nobody_is_known_to_it(measured, firsts):
    assert set(grouped(*measured, firsts, None)) == {"als", "popularity_als"}


def test_decisions_look_at_users_with_both_figures(measured):
    served, popular = measured
    rows = user_rows(served.users, popular.only(np.array([3])).users, 2)
    assert rows == [{"user_id": 3, "als": 1.0, "popularity": 0.0}]
    assert user_rows(served.only(np.array([])).users, popular.users, 2) == []
