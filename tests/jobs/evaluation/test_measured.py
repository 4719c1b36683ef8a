"""Figures of groups of users. None is ever NaN, whoever was there to be measured."""

import math

import numpy as np
import pyarrow as pa
import pytest

from jobs.evaluation.measured import Measured, nothing_new_share, play_share
from jobs.evaluation.metrics import Catalogue
from tests.jobs.evaluation.test_metrics import CATALOGUE, LISTS, RELEVANT, lists_of, pairs_of

PLAYED = pa.table(
    {
        "user_id": [1, 1, 2, 3],
        "track_id": [10, 11, 10, 12],
        "plays": [3, 1, 4, 2],
        "heard": [True, False, True, False],
    }
)


def measured(lists, relevant, catalogue=CATALOGUE):
    return Measured.of(lists_of(lists), pairs_of(relevant), catalogue, [2, 4])


def by_name(rows):
    return {(row["metric"], row["k"]): row for row in rows}


def test_figures_are_means_over_the_users_and_coverage_is_of_their_lists_together():
    found = by_name(measured(LISTS, RELEVANT).figures())
    assert found["recall", 4]["value"] == pytest.approx((2 / 3 + 0 + 1) / 3)
    assert found["coverage", 2]["value"] == pytest.approx(4 / 6)  # 10, 11, 20 and 21 of six tracks
    assert found["coverage", 4]["value"] == 1
    assert {row["users"] for row in found.values()} == {3}


def test_a_group_is_measured_on_its_own_lists_alone():
    found = by_name(measured(LISTS, RELEVANT).only(np.array([3, 4, 99])).figures())
    assert found["recall", 4]["value"] == 1
    assert found["coverage", 4]["value"] == pytest.approx(2 / 6)
    assert found["recall", 4]["users"] == 1


@pytest.mark.parametrize(
    ("lists", "relevant"),
    [(LISTS, RELEVANT), ({1: [10]}, {1: [10]}), ({1: [10]}, {1: [11]}), ({1: [999]}, {1: [999]})],
    ids=["three users", "one user", "one user, no hit", "a track that is not in the catalogue"],
)
def test_every_value_is_a_number_within_its_interval(lists, relevant):
    for row in measured(lists, relevant).figures():
        assert all(math.isfinite(row[name]) for name in ("value", "low", "high"))
        assert row["low"] <= row["value"] <= row["high"]


@pytest.mark.parametrize(
    ("lists", "relevant"),
    [({}, {}), ({}, RELEVANT), (LISTS, {}), (LISTS, {77: [10]})],
    ids=["nothing", "no lists", "an empty day", "lists of users that vanished"],
)
def test_with_nobody_to_measure_there_is_no_figure(lists, relevant):
    assert measured(lists, relevant).figures() == []
    assert measured(lists, relevant).only(np.array([1])).figures() == []


def test_with_nothing_to_serve_there_is_no_coverage():
    nothing = Catalogue.of(np.empty(0, np.int64), np.empty(0))
    assert {row["metric"] for row in measured(LISTS, RELEVANT, nothing).figures()} >= {"ndcg", "novelty"}
    assert "coverage" not in {row["metric"] for row in measured(LISTS, RELEVANT, nothing).figures()}


def test_shares_count_plays_and_listeners():
    (repeats,) = play_share("repeat_play_share", PLAYED, PLAYED["heard"].to_numpy())
    assert (repeats["value"], repeats["k"], repeats["users"]) == (0.7, 0, 3)  # 7 of 10 plays
    (nothing_new,) = nothing_new_share(PLAYED)
    assert (nothing_new["value"], nothing_new["users"]) == (pytest.approx(1 / 3), 3)  # user 2


def test_a_day_without_plays_has_no_shares():
    empty = PLAYED.slice(0, 0)
    assert nothing_new_share(empty) == play_share("repeat_play_share", empty, np.empty(0, bool)) == []
