"""The bench of ALS runs, small, and its synthetic pairs are as many as asked."""

import subprocess
import sys

import pytest

from bench import bench_als
from bench.bench_als import synthetic


def test_bench_prints_its_ratio_and_growth():
    sizes = ["--pairs=3000", "--users=200", "--tracks=100", "--ranks", "8", "16", "--sides", "ours", "implicit"]
    done = subprocess.run([sys.executable, "-m", "bench.bench_als", *sizes], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "3,000 pairs" in done.stdout
    assert "(target at least 1.2)" in done.stdout
    assert "from rank 8 to 16: ours" in done.stdout


def test_the_same_sizes_give_the_same_pairs():
    first, second = synthetic(500, 40, 30), synthetic(500, 40, 30)
    assert first.pairs == 500
    assert (first.weights != second.weights).nnz == 0


def test_the_side_in_blocks_fits_as_ours_does_and_tells_building_apart(spark, tmp_path, monkeypatch):
    monkeypatch.setattr(bench_als, "ITERATIONS", 1)
    packed = synthetic(500, 40, 30)
    users, tracks, seconds = bench_als.in_blocks(spark, tmp_path / "pairs.parquet")(packed, 2)
    expected = bench_als.ours(packed, 2)
    assert users == pytest.approx(expected[0], abs=1e-5)
    assert tracks == pytest.approx(expected[1], abs=1e-5)
    assert 0 < seconds["seconds"] < seconds["with building"]
