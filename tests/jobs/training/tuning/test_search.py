"""The search finds the top of a hill that is known; trials see what is relevant."""

import dataclasses
import math
import time

import numpy as np
import pytest

from conf.settings import AlsSettings
from jobs.model.solvers.csr import pack
from jobs.training.tuning.fast_ndcg import ndcg
from jobs.training.tuning.search import Search, Trial, scaled
from jobs.training.tuning.trials import Trials, relevance


def hill(als: AlsSettings, deadline: float = 0) -> Trial:
    """Best at reg 8 with exponent 1, alpha 20, log; rank pays up to 512."""
    value = 1 - 0.1 * abs(math.log(als.reg / 8)) - 0.1 * abs(math.log(als.alpha / 20)) - 0.3 * (1 - als.reg_exponent)
    value += 0.1 * (als.weighting == "log") + 0.1 * math.log2(min(als.rank, 512)) - 0.05 * (als.half_life_days > 0)
    return Trial(dataclasses.replace(als, iterations=7), value, ((7, value),), 0.0)


def search(seconds: float = 60, judge=hill, start: AlsSettings | None = None, **more):
    return Search(judge, seconds, **more).run(start or AlsSettings())


def test_the_top_of_a_known_hill_is_found():
    found = search().best.als
    assert (found.rank, found.reg_exponent, found.weighting, found.half_life_days) == (512, 1.0, "log", 0)
    assert 8 / 1.8 < found.reg < 8 * 1.8
    assert 20 / 1.8 < found.alpha < 20 * 1.8
    assert found.iterations == 7


def test_it_begins_with_what_was_given_and_takes_the_same_steps_again():
    start = AlsSettings(rank=24, reg=0.7)
    first, second = search(start=start), search(start=start)
    assert (first.trials[0].als.rank, first.trials[0].als.reg) == (24, 0.7)
    assert first == second
    assert len({trial.als for trial in first.trials}) == len(first.trials)


def test_when_time_is_up_the_best_so_far_is_the_answer():
    found = search(seconds=0)
    assert len(found.trials) == 1
    assert found.best.als == dataclasses.replace(AlsSettings(), iterations=7)


def test_rank_is_doubled_only_while_that_pays_and_no_higher_than_allowed():
    assert max(trial.als.rank for trial in search().trials) == 1024
    assert max(trial.als.rank for trial in search(highest_rank=100).trials) == 100


def test_twice_the_rank_for_too_small_a_gain_is_not_taken():
    def flat(als, deadline):
        value = 0.5 * 1.0025 ** math.log2(als.rank)
        return Trial(als, value, ((1, value),), 0.0)

    tried = [trial.als.rank for trial in search(judge=flat, start=AlsSettings(rank=64)).trials]
    assert max(tried) == 128  # tried, and not gone on from


def test_half_lives_are_left_alone_where_there_are_no_times():
    assert {trial.als.half_life_days for trial in search(timed=False).trials} == {0}
    assert len({trial.als.half_life_days for trial in search().trials}) > 1


def test_limits_hold():
    assert scaled(AlsSettings(alpha=9999), "alpha", 3).alpha == 10_000
    assert scaled(AlsSettings(reg=1 / 3), "reg", 1).reg == 0.333


def test_ndcg_as_worked_out_by_hand():
    """User 0 heard track 0 and is listed 2, 1, 3; relevant are 1, and 4, which the model lacks."""
    packed = pack(np.array([0, 0, 1, 1]), np.array([0, 2, 1, 3]), np.ones(4))
    heard = packed.weights[:, :].copy()
    relevant = relevance(packed, np.array([0, 0, 9]), np.array([1, 4, 0]))
    users = np.array([[1, 0], [0, 1]], np.float32)
    tracks = np.array([[9, 0], [2, 0], [8, 0], [3, 0]], np.float32)
    found = ndcg(users, tracks, heard, relevant, 2, map)
    # Heard 0 and 2 are left out; 3 is first, 1 second.
    assert found[0] == pytest.approx((1 / math.log2(3)) / (1 + 1 / math.log2(3)))
    assert np.isnan(found[1])


def two_tastes(half_life_days: float = 0) -> tuple:
    draw = np.random.default_rng(0)
    users = np.repeat(np.arange(200), 12)
    tracks = draw.integers(0, 40, len(users)) * 2 + users % 2
    return users, tracks


@pytest.fixture(scope="module")
def trials():
    users, tracks = two_tastes()
    later = np.unique(np.stack([np.arange(150), (np.arange(150) * 14) % 80 + np.arange(150) % 2]), axis=1)
    heard = set(zip(users, tracks, strict=True))
    new = np.array([pair for pair in later.T.tolist() if tuple(pair) not in heard]).T
    return Trials(lambda _: pack(users, tracks, np.ones(len(users))), tuple(new), 10, 60)


def test_a_trial_tells_its_curve_and_takes_its_best_iteration(trials):
    trial = trials(AlsSettings(rank=2, iterations=30), time.monotonic() + 60)
    assert trial.ndcg == max(value for _, value in trial.curve)
    assert (trial.als.iterations, trial.ndcg) in trial.curve
    assert trial.ndcg > 0.05
    assert trials(AlsSettings(rank=2, iterations=30), time.monotonic() + 60).curve == trial.curve


def test_a_trial_stops_when_time_is_up(trials):
    assert [iteration for iteration, _ in trials(AlsSettings(rank=2, iterations=30), 0).curve] == [1]


def test_parameters_that_nothing_can_be_fitted_with_are_the_worst(trials):
    assert trials(AlsSettings(rank=2, alpha=1e12), time.monotonic() + 60).ndcg == 0


def test_of_too_much_data_a_sample_of_users_is_tried(trials):
    users, tracks = two_tastes()
    few = Trials(lambda _: pack(users, tracks, np.ones(len(users))), (users[:5], tracks[:5]), 10, 0.1)
    assert trials.sample is None
    assert 0 < few.packed(0).pairs < 1500
    assert few.packed(0) is few.packed(0)
