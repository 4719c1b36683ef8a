import math

import numpy as np
import pytest

from jobs.evaluation.intervals import bootstrap, coverage, resamples, share


def test_the_bootstrap_is_the_same_each_time_and_about_two_standard_errors_wide():
    values = np.random.default_rng(1).random((400, 2))
    low, high = bootstrap(values)
    assert np.array_equal(bootstrap(values)[0], low)
    error = values.std(axis=0) / math.sqrt(len(values))
    assert low == pytest.approx(values.mean(axis=0) - 1.96 * error, abs=0.3 * error.max())
    assert high == pytest.approx(values.mean(axis=0) + 1.96 * error, abs=0.3 * error.max())


def test_each_resample_draws_as_many_users_as_there_are():
    blocks = list(resamples(7, count=5))
    assert [block.shape for block in blocks] == [(5, 7)]
    assert blocks[0].sum(axis=1).tolist() == [7] * 5


def test_a_share_weighs_every_play_alike_and_draws_whole_users():
    # 30 of 40 plays, though the mean of the users' own shares is 1/2.
    value, low, high = share(np.array([30, 0]), np.array([30, 10]))
    assert value == 0.75
    assert (low, high) == (0, 1)  # either user can be drawn twice


def test_of_one_user_nothing_can_vary():
    assert share(np.array([1]), np.array([4])) == (0.25, 0.25, 0.25)
    assert coverage(np.array([[0, 1]]), 4) == (0.5, 0.5, 0.5)


def test_coverage_counts_each_track_once_and_no_empty_place():
    value, low, high = coverage(np.array([[0, 1, 2], [1, 0, -1], [-1, -1, -1]]), 10)
    assert value == 0.3
    assert 0 <= low <= value <= high <= 1


def test_tracks_in_everybodys_list_are_covered_for_certain():
    assert coverage(np.tile([[0, 1]], (500, 1)), 8) == (0.25, 0.25, 0.25)


def test_lists_without_a_servable_track_cover_nothing():
    assert coverage(np.full((3, 2), -1), 8) == (0, 0, 0)


def test_the_interval_of_coverage_holds_the_spread_of_fresh_samples_of_users():
    """Lists of 300 users, drawn again and again from the same tastes: their coverage varies as the interval says."""
    generator = np.random.default_rng(3)
    chances = 1 / np.arange(1, 2001)
    chances /= chances.sum()

    def lists():
        return generator.choice(2000, size=(300, 10), p=chances)

    spread = np.std([len(np.unique(lists())) / 2000 for _ in range(300)])
    widths = []
    for _ in range(20):
        value, low, high = coverage(lists(), 2000)
        assert low < value < high
        widths.append(high - low)
    assert np.mean(widths) == pytest.approx(2 * 1.96 * spread, rel=0.25)
