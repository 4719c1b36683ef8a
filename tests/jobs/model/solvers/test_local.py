"""The compiled kernel against dense algebra, in numpy alone."""

import dataclasses

import numpy as np
import pytest
import scipy.sparse

from conf.errors import Refused
from conf.settings import AlsSettings
from jobs.model.solvers import kernel, local
from jobs.model.solvers.csr import PackedPairs, pack

ALS = AlsSettings(rank=5, reg=0.3, reg_exponent=0.5, alpha=4, iterations=3)


def random_pairs(seed: int = 3, users: int = 40, tracks: int = 30, rows: int = 300) -> tuple[np.ndarray, ...]:
    draw = np.random.default_rng(seed)
    return draw.integers(0, users, rows), draw.integers(0, tracks, rows), draw.integers(1, 9, rows)


def dense_fit(packed: PackedPairs, als: AlsSettings) -> tuple[np.ndarray, np.ndarray]:
    """Users and tracks by the formula, a row at a time, from the same initial tracks."""
    weights, tracks = (
        packed.weights.toarray().astype(np.float64),
        local.initial(0, len(packed.track_ids), als.rank, als.seed),
    )

    def half(weights: np.ndarray, fixed: np.ndarray) -> np.ndarray:
        rows = []
        for row in weights:
            confidence, heard = 1 + als.alpha * row, row > 0
            penalty = als.reg * heard.sum() ** als.reg_exponent * np.eye(als.rank)
            rows.append(
                np.linalg.solve(fixed.T @ np.diag(confidence) @ fixed + penalty, fixed.T @ (confidence * heard))
            )
        return np.array(rows)

    tracks = tracks.astype(np.float64)
    users = half(weights, tracks)
    for _ in range(als.iterations):
        tracks = half(weights.T, users)
        users = half(weights, tracks)
    return users, tracks


def last(packed: PackedPairs, als: AlsSettings, precise: bool = False) -> local.State:
    return list(local.states(packed, als, precise))[-1]


def loss(packed: PackedPairs, als: AlsSettings, state: local.State) -> float:
    weights = packed.weights.toarray()
    users, tracks = state.users.astype(np.float64), state.tracks.astype(np.float64)
    error = ((1 + als.alpha * weights) * ((weights > 0) - users @ tracks.T) ** 2).sum()
    pairs = [(weights > 0).sum(axis) ** als.reg_exponent * als.reg for axis in (1, 0)]
    return error + pairs[0] @ (users**2).sum(1) + pairs[1] @ (tracks**2).sum(1)


def test_solving_whole_in_double_precision_is_dense_algebra():
    packed = pack(*random_pairs())
    users, tracks = dense_fit(packed, ALS)
    found = last(packed, ALS, precise=True)
    assert found.users == pytest.approx(users, abs=1e-6)
    assert found.tracks == pytest.approx(tracks, abs=1e-6)


def test_conjugate_gradient_ends_with_the_scores_of_dense_algebra():
    packed, als = pack(*random_pairs()), dataclasses.replace(ALS, reg=2, iterations=200)
    users, tracks = dense_fit(packed, als)
    found = last(packed, als)
    assert found.users @ found.tracks.T == pytest.approx(users @ tracks.T, abs=1e-3)


def test_the_loss_told_is_that_of_the_iteration_before_and_falls():
    packed, als = pack(*random_pairs()), dataclasses.replace(ALS, iterations=4)
    told, worked_out = [], []
    for state in local.states(packed, als):
        told.append(state.loss)
        worked_out.append(loss(packed, als, state))
    assert told[1:] == pytest.approx(worked_out[:-1], rel=1e-4)
    assert told == sorted(told, reverse=True)


def test_a_row_without_pairs_becomes_zero_and_a_block_takes_its_gram_from_outside():
    fixed = np.array([[1, 0], [0, 2]], np.float32)
    pairs = scipy.sparse.csr_matrix(np.array([[0, 0], [0, 3]], np.float32))
    gram = np.array([[5, 0], [0, 7]], np.float32)  # of more tracks than the block has
    for half_step in (kernel.exact, kernel.conjugate_gradient):
        solved = np.full((2, 2), 9, np.float32)
        half_step(pairs, fixed, gram, solved, np.array([1, 2], np.float32), 1.0, map)
        # (7 + 3 * 2 * 2 + 2) x = (1 + 3) * 2
        assert solved == pytest.approx(np.array([[0, 0], [0, 8 / 21]]), abs=1e-5)


@pytest.mark.parametrize("rank", [1, 3, 8, 33])
def test_enough_steps_solve_a_row_whole_at_any_rank_and_in_more_rows_than_a_batch(rank):
    packed = pack(*random_pairs(users=kernel.BATCH * 2 + 5, rows=900))
    fixed = local.initial(0, len(packed.track_ids), rank, 1) * 10
    gram, reg = kernel.gram(fixed, map), np.linspace(0.1, 2, len(packed.user_ids)).astype(np.float32)
    whole, stepped = np.zeros((2, len(packed.user_ids), rank))
    kernel.exact(packed.weights, fixed.astype(np.float64), gram.astype(np.float64), whole, reg, 4.0, map)
    stepped = stepped.astype(np.float32)
    kernel.conjugate_gradient(packed.weights, fixed, gram, stepped, reg, 4.0, map, steps=2 * rank + 5)
    assert stepped @ fixed.T == pytest.approx(whole @ fixed.T, abs=1e-3)


def test_pairs_in_any_order_on_any_number_of_threads_give_the_same_factors(monkeypatch):
    users, tracks, weights = random_pairs(users=500, rows=2000)
    first = last(pack(users, tracks, weights), ALS)
    order = np.random.default_rng(0).permutation(len(users))
    monkeypatch.setattr(local.os, "sched_getaffinity", lambda _: {0})
    again = last(pack(users[order], tracks[order], weights[order]), ALS)
    assert (first.users == again.users).all()
    assert (first.tracks == again.tracks).all()
    assert (last(pack(users, tracks, weights), dataclasses.replace(ALS, seed=1)).tracks != first.tracks).any()


def test_duplicate_pairs_add_up():
    packed = pack(np.array([2**40, 1, 2**40]), np.array([7, 5, 7]), np.array([1, 2, 0.5]))
    assert packed.user_ids.tolist() == [1, 2**40]
    assert packed.track_ids.tolist() == [5, 7]
    assert packed.weights.toarray().tolist() == [[2, 0], [0, 1.5]]


@pytest.mark.parametrize("weight", [-1.0, np.nan, np.inf])
def test_weights_that_mean_nothing_are_refused(weight):
    with pytest.raises(Refused, match="negative or not finite"):
        pack(np.array([1]), np.array([1]), np.array([weight]))


def test_weights_too_heavy_for_single_precision_are_refused():
    with pytest.raises(Refused, match="lower"):
        local.fit_packed(pack(np.array([1]), np.array([1]), np.array([1e12])), ALS)


def test_progress_is_told_after_each_iteration():
    told = []
    model = local.fit_packed(pack(*random_pairs()), ALS, told.append)
    assert [state.iteration for state in told] == [1, 2, 3]
    assert told[-1].seconds_left == 0
    assert model.recipe["reg_exponent"] == 0.5
