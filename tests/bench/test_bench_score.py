"""The bench of scoring runs, small."""

import subprocess
import sys

import numpy as np
import pytest

from bench.bench_score import drawn_pairs


@pytest.mark.long
def test_bench_prints_its_ratio():
    sizes = ["--users=300", "--tracks=200", "--pairs=3000", "--rank=4", "--rounds=1"]
    done = subprocess.run([sys.executable, "-m", "bench.bench_score", *sizes], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "300 users, 200 tracks, 3,000 pairs, rank 4, top 20" in done.stdout
    assert "(target at most 1.3)" in done.stdout


def test_pairs_are_distinct_and_as_many_as_asked_for():
    owners, played = drawn_pairs(50, 40, 1000)
    assert len(np.unique(owners * 40 + played)) == len(owners) == 1000
    assert owners.max() < 50
    assert played.max() < 40
