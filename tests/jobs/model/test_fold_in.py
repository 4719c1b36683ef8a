"""Against the normal equations of Hu, Koren and Volinsky (2008), written out over all tracks."""

import dataclasses

import numpy as np
import pytest

from conf.settings import AlsSettings
from jobs.model.factors import FactorModel
from jobs.model.fold_in import FoldIn
from jobs.model.solvers.csr import pack
from jobs.model.solvers.local import states

PLAYED = np.array([0, 2, 5, 6])
WEIGHTS = np.array([2.0, 1.0, 4.0, 0.5])


def a_model(rank, **recipe):
    generator = np.random.default_rng(3)
    return FactorModel(
        np.arange(8),
        generator.normal(size=(8, rank)).astype(np.float32),
        np.array([5], np.int64),
        np.ones((1, rank), np.float32),
        {"reg": 0.1, "alpha": 2.0, **recipe},
    )


def inverse(model, reg):
    """(Y'CY + lambda I)^-1."""
    factors = model.track_factors.astype(np.float64)
    confidence = np.ones(8)
    confidence[PLAYED] += model.recipe["alpha"] * WEIGHTS
    return np.linalg.inv(factors.T @ np.diag(confidence) @ factors + reg * np.eye(factors.shape[1]))


# Two factors for four tracks played: the system is rank x rank. Six: it is one of the tracks.
@pytest.mark.parametrize("rank", [2, 6])
@pytest.mark.parametrize(("recipe", "reg"), [({}, 0.4), ({"reg_exponent": 0.5}, 0.2), ({"reg_exponent": 0.0}, 0.1)])
def test_a_folded_user_solves_the_normal_equations_of_the_whole_matrix(rank, recipe, reg):
    model = a_model(rank, **recipe)
    confidence = np.zeros(8)
    confidence[PLAYED] = 1 + 2 * WEIGHTS
    expected = inverse(model, reg) @ model.track_factors.T @ confidence
    # The turned factors are kept in float32.
    assert FoldIn.of(model).solve(PLAYED, WEIGHTS) == pytest.approx(expected, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("rank", [2, 6])
def test_what_each_track_contributes_is_that_of_the_paper_and_adds_up_to_the_score(rank):
    model = a_model(rank)
    factors, fold_in = model.track_factors.astype(np.float64), FoldIn.of(model)
    expected = (factors[[1, 3]] @ inverse(model, 0.4) @ factors[PLAYED].T) * (1 + 2 * WEIGHTS)
    folded = fold_in.fold(PLAYED, WEIGHTS)
    found = folded.contributions(fold_in.factors[[1, 3]])
    assert found == pytest.approx(expected, abs=1e-6)
    assert found.sum(axis=1) == pytest.approx(fold_in.factors[[1, 3]] @ folded.factors, abs=1e-12)


def test_turning_the_factors_leaves_scores_as_they_were():
    model = a_model(6)
    fold_in = FoldIn.of(model)
    turned = model.user_factors @ fold_in.turn
    assert fold_in.factors @ turned[0] == pytest.approx(model.track_factors @ model.user_factors[0], abs=1e-5)


def test_neither_weights_of_nought_nor_no_regularisation_divide_by_nought():
    model = a_model(6, reg=0.0, alpha=0.0)
    expected = inverse(dataclasses.replace(model, recipe={"alpha": 0.0}), 0) @ model.track_factors[PLAYED].sum(axis=0)
    assert FoldIn.of(model).solve(PLAYED, np.zeros(4)) == pytest.approx(expected, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("reg_exponent", [1.0, 0.5])
def test_folding_in_gives_what_the_solver_itself_gave_the_user(reg_exponent):
    generator = np.random.default_rng(7)
    pairs = generator.random((30, 40)) < 0.2
    users, tracks = np.nonzero(pairs)
    packed = pack(users, tracks, generator.integers(1, 9, len(users)).astype(np.float32))
    als = AlsSettings(rank=5, reg=0.3, reg_exponent=reg_exponent, alpha=2.0, iterations=4)
    *_, solved = states(packed, als, precise=True)
    model = FactorModel(
        packed.track_ids,
        solved.tracks,
        packed.user_ids,
        solved.users,
        {"reg": 0.3, "alpha": 2.0, "reg_exponent": reg_exponent},
    )
    fold_in = FoldIn.of(model)
    for user in range(len(packed.user_ids)):
        own = packed.weights[user]
        # The turned factors are kept in float32.
        assert fold_in.solve(own.indices, own.data) == pytest.approx(solved.users[user], rel=1e-4, abs=1e-5)


def test_without_regularisation_and_with_more_factors_than_tracks_what_was_played_scores_one_and_the_rest_nought():
    """Six tracks at rank 64 can be told apart exactly: the solution of least length is the preferences themselves."""
    tracks = np.random.default_rng(4).normal(size=(6, 64)).astype(np.float32)
    nobody = np.empty(0, np.int64), np.empty((0, 64), np.float32)
    model = FactorModel(np.arange(6), tracks, *nobody, {"reg": 0.0, "alpha": 1.0})
    user = FoldIn.of(model).solve(np.array([0, 1]), np.array([2.0, 1.0]))
    assert tracks @ user == pytest.approx([1, 1, 0, 0, 0, 0], abs=1e-3)
