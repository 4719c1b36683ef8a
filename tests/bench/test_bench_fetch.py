"""The bench runs, small."""

import subprocess
import sys


def test_bench_prints_its_ratios():
    sizes = ["--rows=500", "--rounds=1", "--latency-ms=1", "--memory-rows", "100", "500"]
    done = subprocess.run([sys.executable, "-m", "bench.bench_fetch", *sizes], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "listen_history" in done.stdout
    assert "(target 0.8)" in done.stdout
    assert "MB at 500 rows" in done.stdout
