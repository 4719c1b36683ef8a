"""The bench of publishing, small: it runs, and publishes what it says."""

import json
import subprocess
import sys

import pytest

from conf.checkout import ROOT

pytestmark = pytest.mark.services


def test_the_bench_prints_its_ratio():
    command = [sys.executable, "-m", "bench.bench_publish", "--rows", "20000", "--plays", "1000"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["rows"] == 20_000
    assert found["ratio"] == pytest.approx(found["publish"] / found["bare COPY"], rel=0.2)
    assert found["publisher's peak MB"] > 0


def test_the_step_of_the_bench_of_scaling_counts_the_lists_and_what_the_mart_holds(tmp_path):
    sizes = ["--users=500", "--k=4", "--new-plays=100"]
    command = [sys.executable, "-m", "bench.scaling_steps", "publish", f"--root={tmp_path}", *sizes]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = {row["what"]: row for row in json.loads(done.stdout.splitlines()[-1])}
    # The mart has the plays of two days, of which the first has twice as many.
    assert [found[name]["rows"] for name in ("publish", "mart recommendations", "mart users")] == [2000, 2000, 500]
    assert found["mart listen_history"]["rows"] == 300
    assert found["mart recommendations"]["bytes"] > 2000
