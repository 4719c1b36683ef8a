"""A checkerboard: even users play even tracks, odd ones odd, each with some left out."""

import numpy as np
import pytest

from conf.settings import Als
from jobs.factors import top
from jobs.folding import Folding
from jobs.solvers import fit

USERS, TRACKS = 20, 24
FAR = 2**40  # ids beyond 32 bits


@pytest.fixture(scope="module")
def model(spark):
    pairs = [
        (FAR + user, FAR + track, 1 + track % 3)
        for user in range(USERS)
        for track in range(TRACKS)
        if user % 2 == track % 2 and (user * 7 + track) % 5
    ]
    return fit(
        spark.createDataFrame(pairs, "user_id bigint, track_id bigint, weight int"),
        Als(rank=2, reg=0.01, alpha=5, iterations=8),
    )


def test_ids_of_64_bits_come_back_in_order(model):
    assert model.user_ids.tolist() == [FAR + user for user in range(USERS)]
    assert model.track_ids.tolist() == [FAR + track for track in range(TRACKS)]
    assert model.track_factors.shape == (TRACKS, 2)


def test_the_squares_that_were_left_out_are_found(model):
    scores = model.user_factors @ model.track_factors.T
    for user in range(USERS):
        assert {track % 2 for track in top(scores[user], TRACKS // 2).tolist()} == {user % 2}


def test_folding_a_user_in_gives_what_the_solver_gave(model):
    rows = np.array([track for track in range(TRACKS) if track % 2 == 0 and track % 5])  # user 0's tracks
    found = Folding.of(model).solve(rows, np.array([1.0 + track % 3 for track in rows]))
    assert found == pytest.approx(model.user_factors[0], abs=1e-3)
