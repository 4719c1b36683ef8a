"""The bench of publishing, small: it runs, and publishes what it says."""

import json
import subprocess
import sys

import pytest

from tasks.base import ROOT

pytestmark = pytest.mark.services


def test_the_bench_prints_its_ratio():
    command = [sys.executable, "-m", "bench.bench_publish", "--rows", "20000", "--plays", "1000"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["rows"] == 20_000
    assert found["ratio"] == pytest.approx(found["publish"] / found["bare COPY"], rel=0.2)
    assert found["publisher's peak MB"] > 0
