"""``make forget`` ended by SIGKILL wherever it stands: the same command goes on, and comes to the same end."""

import os
import signal
import subprocess
import sys
import time

import pytest

from lake.layout import forgetting_file, forgotten_file
from tests.jobs.privacy import lakes
from tests.jobs.privacy.test_forget import ROOT, state

pytestmark = pytest.mark.services
MOMENTS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6)  # seconds after the work has begun, each in a run of its own


def command(folder):
    uri = f"sqlite:///{folder}/mlflow.db"
    return [sys.executable, "-m", "jobs", "forget", "--user=17", f"--lake-root={folder}/lake", f"--registry-uri={uri}"]


def environment():
    return {**os.environ, "PYTHONPATH": str(ROOT), "MOOVITAMIX_SUPPRESSION_KEY": lakes.KEY}


def killed(folder, moment):
    """Whether a run was killed with its work begun and not ended."""
    process = subprocess.Popen(command(folder), cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL)
    while process.poll() is None and not forgetting_file(folder / "lake").exists():
        time.sleep(0.002)
    time.sleep(moment)
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL and forgetting_file(folder / "lake").exists()


def finish(folder):
    done = subprocess.run(command(folder), cwd=ROOT, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_killed_at_any_moment_it_comes_to_the_same_end(tmp_path, monkeypatch):
    monkeypatch.setenv("MOOVITAMIX_SUPPRESSION_KEY", lakes.KEY)
    quiet = tmp_path / "quiet"
    quiet.mkdir()
    lakes.everything(quiet)
    finish(quiet)
    hits = 0
    for moment in MOMENTS:
        folder = tmp_path / str(moment)
        folder.mkdir()
        lakes.everything(folder)
        hits += killed(folder, moment)
        finish(folder)
        assert state(folder / "lake") == state(quiet / "lake"), moment
        assert not forgetting_file(folder / "lake").exists()
        assert len(forgotten_file(folder / "lake").read_text().splitlines()) >= 1
    assert hits >= 2  # else nothing was shown
