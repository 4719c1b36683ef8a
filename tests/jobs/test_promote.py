import dataclasses

import numpy as np
import pytest

from conf.errors import Refused
from jobs.factors import FactorModel
from jobs.promote import check, overlap


@pytest.fixture
def model():
    generator = np.random.default_rng(2)
    tracks, users = np.arange(300), np.arange(50)
    return FactorModel(
        tracks,
        generator.normal(size=(300, 8)).astype(np.float32),
        users,
        generator.normal(size=(50, 8)).astype(np.float32),
        {},
    )


def test_a_model_agrees_with_itself(model):
    check(model, model)
    assert overlap(model, model) == 1.0


def test_factors_that_are_not_finite_are_refused(model):
    broken = dataclasses.replace(model, track_factors=np.full_like(model.track_factors, np.nan))
    with pytest.raises(Refused, match="not finite"):
        check(broken, model)


def test_a_model_that_lacks_a_track_is_refused(model):
    smaller = dataclasses.replace(model, track_ids=model.track_ids[:-1], track_factors=model.track_factors[:-1])
    with pytest.raises(Refused, match="lacks 1 track_ids that the tested one knows, such as 299"):
        check(smaller, model)


def test_a_model_of_shuffled_tracks_is_refused(model):
    shuffled = dataclasses.replace(model, track_factors=model.track_factors[::-1].copy())
    with pytest.raises(Refused, match="share"):
        check(shuffled, model)
