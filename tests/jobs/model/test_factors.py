import os

import numpy as np
import pytest

from jobs.model.factors import FactorModel, _held, sweep, top


@pytest.fixture
def model():
    generator = np.random.default_rng(3)
    tracks = np.array([3, 7, 2**40, 2**62], np.int64)
    return FactorModel(
        tracks,
        generator.normal(size=(4, 3)).astype(np.float32),
        np.array([5], np.int64),
        np.ones((1, 3), np.float32),
        {"reg": 0.1, "alpha": 2.0},
    )


def test_positions_of_64_bit_ids_and_of_unknown_ones(model):
    assert model.positions(np.array([2**62, 4, 3, 2**63 - 1])).tolist() == [3, -1, 0, -1]


def test_a_model_is_read_as_it_was_saved_and_replaces_what_was_there(model, tmp_path):
    for _ in range(2):
        model.save(tmp_path / "version=1")
    read = FactorModel.load(tmp_path / "version=1")
    assert np.array_equal(read.track_factors, model.track_factors)
    assert read.recipe == model.recipe
    assert [path.name for path in tmp_path.iterdir()] == ["version=1"]


def left_by_a_kill(folder):
    left = folder / ".version=3.77"
    left.mkdir(parents=True)
    (left / "factors.npz").write_bytes(b"half")
    os.utime(left, (0, 0))
    return left


def test_what_a_killed_save_left_is_removed_and_models_stay(model, tmp_path):
    left = left_by_a_kill(tmp_path)
    model.save(tmp_path / "version=2")
    sweep(tmp_path)
    assert not left.exists()
    assert FactorModel.load(tmp_path / "version=2").equals(model)


def test_a_save_that_goes_on_is_left_alone(tmp_path):
    left = left_by_a_kill(tmp_path)
    with _held(left):
        sweep(tmp_path)
    assert left.exists()


def test_a_save_holds_what_it_writes(model, tmp_path, monkeypatch):
    swept = []

    def savez(path, **arrays):
        path.write_bytes(b"half")
        os.utime(path.parent, (0, 0))
        sweep(tmp_path)
        swept.append(path.exists())

    monkeypatch.setattr(np, "savez", savez)
    model.save(tmp_path / "version=2")
    assert swept == [True]


@pytest.mark.parametrize(
    ("scores", "k", "expected"),
    [
        ([1, 5, 3], 2, [1, 2]),
        ([2, 9, 2, 2], 3, [1, 0, 2]),  # of equal ones the lower position first
        ([1, -np.inf, 2], 3, [2, 0]),
        ([-np.inf], 1, []),
    ],
)
def test_the_top_is_sorted_with_ties_by_position_and_without_what_is_hidden(scores, k, expected):
    assert top(np.array(scores, np.float32), k).tolist() == expected
