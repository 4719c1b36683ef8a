"""The bench of ALS runs, small, and its synthetic pairs are as many as asked."""

import subprocess
import sys

from bench.bench_als import synthetic


def test_bench_prints_its_ratio_and_growth():
    sizes = ["--pairs=3000", "--users=200", "--tracks=100", "--ranks", "8", "16"]
    done = subprocess.run([sys.executable, "-m", "bench.bench_als", *sizes], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "3,000 pairs" in done.stdout
    assert "(target at least 1.2)" in done.stdout
    assert "from rank 8 to 16: ours" in done.stdout


def test_the_same_sizes_give_the_same_pairs():
    first, second = synthetic(500, 40, 30), synthetic(500, 40, 30)
    assert first.pairs == 500
    assert (first.weights != second.weights).nnz == 0
