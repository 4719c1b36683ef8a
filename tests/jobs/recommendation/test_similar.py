import datetime

import numpy as np
import pytest

from jobs.model.factors import FactorModel
from jobs.recommendation import similar
from lake.access import Lake

DAY = datetime.date(2024, 3, 1)


def model(factors, ids=None):
    factors = np.asarray(factors, np.float32)
    ids = np.arange(10, 10 + len(factors)) if ids is None else np.asarray(ids)
    return FactorModel(ids, factors, np.empty(0, np.int64), np.empty((0, factors.shape[1]), np.float32), {})


def rows(found):
    return [
        tuple(batch[name][at].as_py() for name in ("track_id", "rank", "similar_track_id", "score"))
        for batch in found
        for at in range(batch.num_rows)
    ]


def test_the_nearest_by_angle_come_first_whatever_their_length():
    # 10 and 11 point the same way; 12 is at 45 degrees of both, 13 is opposite to 10.
    found = rows(similar.batches("1", model([[1, 0], [9, 0], [2, 2], [-1, 0]]), 2))
    assert [row[:3] for row in found[:4]] == [(10, 1, 11), (10, 2, 12), (11, 1, 10), (11, 2, 12)]
    assert [row[3] for row in found[:2]] == pytest.approx([1.0, 0.707107], abs=1e-6)
    assert [row[:3] for row in found[6:]] == [(13, 1, 12), (13, 2, 10)]


def test_a_track_without_factors_has_none_and_is_nowhere_listed():
    found = rows(similar.batches("1", model([[1, 0], [0, 0], [1, 1]]), 5))
    assert [row[:3] for row in found] == [(10, 1, 12), (12, 1, 10)]


@pytest.mark.parametrize("factors", [np.empty((0, 3)), [[1, 2, 3]], [[0, 0, 0]]])
def test_a_catalogue_of_one_track_or_none_has_no_similar_ones(factors):
    assert rows(similar.batches("1", model(factors), 5)) == []


def test_equal_cosines_are_in_the_order_of_track_ids(monkeypatch):
    monkeypatch.setattr(similar, "COLUMNS", 3)
    found = rows(similar.batches("1", model([[3, 1, 2]] * 10), 4))
    assert [row[2] for row in found if row[0] == 10] == [11, 12, 13, 14]
    assert [row[2] for row in found if row[0] == 13] == [10, 11, 12, 14]


@pytest.mark.parametrize(("block", "columns"), [(7, 11), (64, 5), (1024, 8192)])
def test_blocks_of_any_size_give_what_a_full_sort_gives(monkeypatch, block, columns):
    monkeypatch.setattr(similar, "ROWS", block)
    monkeypatch.setattr(similar, "COLUMNS", columns)
    # Small whole numbers: many tracks point the same way, and their cosines are equal.
    factors = np.random.default_rng(3).integers(-2, 3, (60, 3))
    factors = factors[np.abs(factors).sum(axis=1) > 0]
    units = similar.unit(factors)
    cosines = np.round((units.astype(np.float64) @ units.T.astype(np.float64)), similar.DECIMALS)
    np.fill_diagonal(cosines, -np.inf)
    expected = [(row, at) for row in range(len(units)) for at in np.argsort(-cosines[row], kind="stable")[:9]]
    found = [pair for rows, columns, _ in similar.nearest(units, 9) for pair in zip(rows, columns, strict=True)]
    assert found == expected


def test_what_a_model_has_is_written_once_and_again_the_same(tmp_path):
    lake = Lake(str(tmp_path))
    fitted = model([[1, 0], [1, 1], [0, 1]])
    for _ in range(2):
        similar.write(lake, DAY, "7", fitted, 1)
    similar.write(lake, DAY + datetime.timedelta(days=1), "8", fitted, 2)
    found = [(row["model_version"], row["track_id"], row["similar_track_id"]) for row in lake.rows("similar_tracks")]
    assert sorted(found)[:3] == [("7", 10, 11), ("7", 11, 10), ("7", 12, 11)]
    assert len(found) == 3 + 6
    assert lake.committed("similar_tracks/PromoteModel/2024-03-01")


def test_a_version_that_takes_the_place_of_a_killed_runs_has_rows_too(tmp_path):
    lake = Lake(str(tmp_path))
    for version in ("7", "8"):
        similar.write(lake, DAY, version, model([[1, 0], [1, 1]]), 1)
    assert {row["model_version"] for row in lake.rows("similar_tracks")} == {"7", "8"}
