"""Blocks: how they are cut and packed, that they end where the local solver does, and that a worker needs no project."""

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyspark.cloudpickle
import pytest

import jobs
from conf.errors import Refused
from conf.settings import AlsSettings
from jobs.model.solvers import block_packing, block_rows, blocks, local
from jobs.model.solvers.block_packing import PAIR, Side, edges, packing, sparse
from jobs.model.solvers.block_solving import improving, shipped_kernel
from jobs.model.solvers.csr import pack
from tests.jobs.model.solvers import in_blocks

FAR = 2**40
ALS = AlsSettings(rank=5, reg=2, reg_exponent=0.5, alpha=4, iterations=3)


def random_pairs(rows: int = 300) -> list[tuple[int, int, float]]:
    draw = np.random.default_rng(3)
    drawn = (draw.integers(0, 60, rows) + FAR, draw.integers(0, 30, rows), draw.integers(1, 9, rows).astype(float))
    return list(zip(*(column.tolist() for column in drawn), strict=True))


def solve_local(pairs: list[tuple[int, int, float]], als: AlsSettings):
    return local.fit_packed(pack(*(np.array(column) for column in zip(*pairs, strict=True))), als)


def test_rows_are_cut_into_an_even_number_of_blocks_with_like_numbers_of_pairs(monkeypatch):
    monkeypatch.setattr(block_packing, "PAIRS", 10)
    assert edges(np.full(12, 3)).tolist() == [0, 3, 6, 9, 12]  # 36 pairs
    assert edges(np.array([1, 1, 30, 1, 1])).tolist() == [0, 3, 5]  # a row is never cut
    assert edges(np.array([1])).tolist() == [0, 1]


def test_a_matrix_has_positions_of_ids_and_adds_up_what_comes_twice():
    pairs = np.array([(FAR, 9, 1), (3, 7, 2), (FAR, 9, 0.5)], PAIR)
    assert sparse(pairs, np.array([7, 8, 9])).toarray().tolist() == [[2, 0, 0], [0, 0, 1.5]]


def test_pairs_that_are_not_those_counted_stop_the_fit():
    own = Side("user_id", np.array([1, 2]), np.array([0, 2]), 1.0)
    pairs = block_rows.pieces(0, "pairs", np.array([(1, 7, 1)], PAIR))
    with pytest.raises(ValueError, match="found 1 rows, 2 when they were counted"):
        list(packing(own)(iter([*pairs, *block_rows.pieces(0, "ids", np.array([7]))])))


def test_an_array_in_pieces_comes_back_whole_in_whatever_order_they_come(monkeypatch):
    monkeypatch.setattr(block_rows, "PIECE", 20)
    values = np.arange(14, dtype=np.float32).reshape(7, 2)
    rows = list(block_rows.pieces(3, "factors", values, first=100))
    assert [row["number"][0].as_py() for row in rows] == [100, 102, 104, 106]
    found = block_rows.joined([pa.concat_batches([rows[2], rows[0]]), rows[3], rows[1]])
    assert found["factors"].view(np.float32).reshape(-1, 2).tolist() == values.tolist()


@pytest.mark.slow
def test_many_blocks_end_where_the_local_solver_does(monkeypatch):
    monkeypatch.setattr(block_packing, "PAIRS", 20)
    monkeypatch.setattr(block_rows, "PIECE", 64)
    monkeypatch.setattr(local, "CHUNK", 7)
    pairs = random_pairs()
    found, expected = in_blocks.fit(pairs, ALS), solve_local(pairs, ALS)
    assert found.user_ids.tolist() == expected.user_ids.tolist()
    assert found.user_factors == pytest.approx(expected.user_factors, abs=1e-5)
    assert found.track_factors == pytest.approx(expected.track_factors, abs=1e-5)
    assert in_blocks.fit(pairs[::-1], ALS).equals(found)


def test_the_loss_told_is_the_local_solvers(monkeypatch):
    monkeypatch.setattr(block_packing, "PAIRS", 50)
    told = {"blocks": [], "local": []}
    pairs = random_pairs()
    monkeypatch.setattr(blocks, "Log", lambda: told["blocks"].append)
    monkeypatch.setattr(local, "Log", lambda: told["local"].append)
    in_blocks.fit(pairs, ALS)
    solve_local(pairs, ALS)
    losses = {name: [progress.loss for progress in states] for name, states in told.items()}
    assert len(losses["blocks"]) == 3
    assert losses["blocks"] == pytest.approx(losses["local"], rel=1e-5)


def test_on_spark_blocks_end_where_the_local_solver_does(spark, monkeypatch):
    monkeypatch.setattr(block_packing, "PAIRS", 100)
    als = AlsSettings(rank=3, reg=2, alpha=4, iterations=1)
    pairs = random_pairs()
    found = blocks.fit(spark.createDataFrame(pairs, "user_id bigint, track_id bigint, weight double"), als)
    expected = solve_local(pairs, als)
    assert found.user_ids.tolist() == expected.user_ids.tolist()
    assert found.track_ids.tolist() == expected.track_ids.tolist()
    assert found.user_factors == pytest.approx(expected.user_factors, abs=1e-5)
    assert found.track_factors == pytest.approx(expected.track_factors, abs=1e-5)
    assert not [table.name for table in spark.catalog.listTables() if table.name.startswith("als_blocks")]


@pytest.mark.parametrize(("weight", "why"), [(-1.0, "negative"), (float("nan"), "not finite"), (1e12, "lower")])
def test_weights_that_cannot_be_fitted_are_refused(weight, why):
    with pytest.raises(Refused, match=why):
        in_blocks.fit([(1, 1, 1.0), (1, 2, weight)], ALS)


def test_parameters_that_give_no_finite_factors_are_refused():
    with pytest.raises(Refused, match="not finite"):
        in_blocks.fit([(1, 1, 1e8), (2, 1, 1.0)], AlsSettings(rank=2, reg=1e30, alpha=10, iterations=2))


@pytest.mark.slow
def test_a_worker_without_the_project_solves_by_what_travels():
    pyspark.cloudpickle.register_pickle_by_value(jobs)
    improve = improving(np.array([0, 1]), np.eye(1, dtype=np.float32), 1.0, 1.0, 1.0, shipped_kernel())
    arrays = {"ends": np.array([0, 1], np.int32), "columns": np.zeros(1, np.int32), "weights": np.ones(1, np.float32)}
    rows = [row for what, values in arrays.items() for row in block_rows.pieces(0, what, values)]
    rows += block_rows.pieces(0, "fixed", np.ones((1, 1), np.float32))
    worker = (
        "import sys, pickle; sys.modules['jobs'] = sys.modules['conf'] = None; "
        "improve, rows = pickle.load(sys.stdin.buffer); "
        "sys.stdout.buffer.write(list(improve(iter(rows)))[0]['piece'][0].as_py())"
    )
    done = subprocess.run(
        [sys.executable, "-c", worker], input=pyspark.cloudpickle.dumps((improve, rows)), capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    # (1 + 1 x 1 + 1) x = 1 + 1
    assert np.frombuffer(done.stdout, np.float32) == pytest.approx([2 / 3])
