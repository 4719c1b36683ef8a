"""What every solver must do."""

import functools

import numpy as np
import pytest

from conf.errors import Refused
from conf.settings import AlsSettings
from jobs.model.factors import FactorModel, top
from jobs.model.fold_in import FoldIn
from jobs.model.solvers import block_packing, choose, fit, local, megabytes, mllib
from jobs.model.solvers.csr import pack
from tests.jobs.model.solvers import in_blocks

USERS, TRACKS = 20, 24
FAR = 2**40  # ids beyond 32 bits
# Even users play even tracks, odd ones odd, each with some left out.
CHECKERBOARD = [
    (FAR + user, FAR + track, 1 + track % 3)
    for user in range(USERS)
    for track in range(TRACKS)
    if user % 2 == track % 2 and (user * 7 + track) % 5
]
# What every solver takes: MLlib regularises by the number of pairs.
als_of = functools.partial(AlsSettings, rank=32, reg=0.1, reg_exponent=1.0, alpha=1.0, weighting="plays", iterations=10)
CHECKERBOARD_ALS = als_of(rank=2, reg=0.01, alpha=5, iterations=8)


def solve_local(pairs: list[tuple], als: AlsSettings) -> FactorModel:
    users, tracks, weights = (np.array(column) for column in zip(*pairs, strict=True)) if pairs else [np.array([])] * 3
    return local.fit_packed(pack(users, tracks, weights), als)


@pytest.fixture(scope="module")
def monkeypatch_module():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module", params=["local", "blocks", pytest.param("mllib", marks=pytest.mark.slow)])
def solve(request, monkeypatch_module):
    if request.param == "local":
        return solve_local
    if request.param == "blocks":
        monkeypatch_module.setattr(block_packing, "PAIRS", 20)  # several blocks
        return in_blocks.fit
    spark = request.getfixturevalue("spark")
    return lambda pairs, als: mllib.fit(
        spark.createDataFrame(pairs, "user_id bigint, track_id bigint, weight double"), als
    )


@pytest.fixture(scope="module")
def board(solve):
    return solve([(user, track, float(weight)) for user, track, weight in CHECKERBOARD], CHECKERBOARD_ALS)


def test_ids_of_64_bits_come_back_in_order(board):
    assert board.user_ids.tolist() == [FAR + user for user in range(USERS)]
    assert board.track_ids.tolist() == [FAR + track for track in range(TRACKS)]
    assert board.track_factors.shape == (TRACKS, 2)
    assert board.track_factors.dtype == board.user_factors.dtype == np.float32


def test_the_squares_that_were_left_out_are_found(board):
    scores = board.user_factors @ board.track_factors.T
    for user in range(USERS):
        assert {track % 2 for track in top(scores[user], TRACKS // 2).tolist()} == {user % 2}


def test_folding_a_user_in_gives_what_the_solver_gave(board):
    rows = np.array([track for track in range(TRACKS) if track % 2 == 0 and track % 5])  # user 0's tracks
    found = FoldIn.of(board).solve(rows, np.array([1.0 + track % 3 for track in rows]))
    assert found == pytest.approx(board.user_factors[0], abs=1e-3)


def test_one_user_with_one_track_is_scored_as_worked_out_by_hand(solve):
    """At rank 1 with confidence c, x = c y / (c y^2 + reg) and the same for y: x = y and c x^2 = c - reg."""
    model = solve([(7, 9, 3.0)], als_of(rank=1, reg=1, alpha=1, iterations=15))
    assert float(model.user_factors[0] @ model.track_factors[0]) == pytest.approx(3 / 4, abs=1e-3)


def test_all_equal_counts_give_finite_factors(solve):
    model = solve([(user, track, 2.0) for user in range(3) for track in range(4)], als_of(rank=3, iterations=3))
    assert model.user_factors @ model.track_factors.T == pytest.approx(np.ones((3, 4)), abs=0.2)


def test_very_large_beside_very_small_weights_give_finite_factors(solve):
    pairs = [(user, track, 10.0 ** (6 - 4 * ((user + track) % 4))) for user in range(6) for track in range(5)]
    model = solve(pairs, als_of(rank=4, reg=0.1, alpha=10, iterations=3))
    scores = model.user_factors @ model.track_factors.T
    assert np.isfinite(scores).all()
    assert scores[0, 0] == pytest.approx(1, abs=0.01)  # of weight 10^6


def test_no_interactions_are_refused(solve):
    with pytest.raises(Refused, match="found no interactions"):
        solve([], als_of())


def test_auto_solves_locally_what_fits_and_the_recipe_says_why_and_from_what(spark):
    rows = [(1, 5, 1.5, 3), (2, 5, 0.5, 1)]
    schema = "user_id bigint, track_id bigint, weight double, plays int"
    als = als_of(rank=8, iterations=2, seed=9)
    model = fit(spark.createDataFrame(rows, schema), als)
    recipe = model.recipe
    assert recipe["solver"] == "local"
    assert recipe["solver_reason"] == (
        "2 pairs of 2 users and 1 tracks at rank 8 need 1 MB, [als] local_mb allows 4,096"
    )
    trained = recipe["trained"]
    assert {name: trained[name] for name in ("users", "tracks", "pairs", "plays", "seed")} == {
        "users": 2,
        "tracks": 1,
        "pairs": 2,
        "plays": 4,
        "seed": 9,
    }
    assert trained["max_rss_mb"] > 1
    assert trained["code"]
    again = fit(spark.createDataFrame(rows[::-1], schema), als)
    assert again.recipe["trained"]["hash"] == trained["hash"]
    assert (again.user_factors == model.user_factors).all()
    assert (again.track_factors == model.track_factors).all()
    other = fit(spark.createDataFrame([(1, 5, 1.5, 2), rows[1]], schema), als).recipe["trained"]
    assert other["hash"] != trained["hash"]


def test_what_does_not_fit_is_solved_in_blocks():
    counts = {"pairs": 2**20, "users": 0, "tracks": 0}
    assert choose(counts, als_of(local_mb=81))[0] == "local"
    name, reason = choose(counts, als_of(local_mb=80))
    assert (name, reason) == (
        "blocks",
        "1,048,576 pairs of 0 users and 0 tracks at rank 32 need 81 MB, more than the 80 of [als] local_mb",
    )
    assert choose(counts, als_of(local_mb=80, solver="local")) == ("local", "as [als] solver says")
    assert megabytes(0, 2**20, 64) == 64 * 12 + 1


def test_mllib_refuses_an_exponent_that_it_does_not_have(spark):
    pairs = spark.range(3).selectExpr("id user_id", "id track_id", "1.0 weight")
    with pytest.raises(Refused, match="reg_exponent"):
        mllib.fit(pairs, als_of(reg_exponent=0.5))
