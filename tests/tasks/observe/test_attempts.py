"""What Luigi's events leave in the spool, and what the command asks for as it ends."""

import datetime
import json
import os
import subprocess

import pytest
from luigi.task_register import Register

from conf.checkout import ROOT
from conf.errors import Refused
from conf.settings import Settings
from lake.layout import spool_folder
from tasks.base import DatedTask
from tasks.fetch import FetchUsers
from tasks.model import DecideRetrain
from tasks.observe import attempts, side_job

DAY = datetime.date(2024, 3, 1)


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(DatedTask, "root", str(tmp_path))
    Register.clear_instance_cache()
    return tmp_path


def spooled(root):
    [spool] = spool_folder(root).glob("*.jsonl")
    assert spool.stem.endswith(f"-{os.getpid()}")
    return [json.loads(line) for line in spool.read_text().splitlines()]


def test_a_step_in_luigis_own_process_has_that_processs_share(root):
    kept, task = attempts.Ledger(), FetchUsers(date=DAY)
    kept.start(task)
    sum(range(3_000_000))
    task.figures = {"rows_out": 7, "retries": 2, "torn": 1}
    kept.success(task)
    start, end = spooled(root)
    assert (start["status"], start["task"], start["date"]) == ("started", "FetchUsers", "2024-03-01")
    assert (end["status"], end["rows_out"], end["retries"], end["torn"]) == ("done", 7, 2, 1)
    assert 0 < end["cpu_seconds"] <= end["seconds"] + 0.1


def test_a_step_in_processes_of_its_own_has_what_these_used_though_it_failed(root):
    kept, task = attempts.Ledger(), DecideRetrain(date=DAY)
    kept.start(task)
    task.figures = {"cpu_seconds": 42.0, "max_rss_mb": 7.0}
    kept.failure(task, Refused("no lists"))
    end = spooled(root)[-1]
    assert (end["status"], end["error"], end["cpu_seconds"], end["max_rss_mb"]) == ("failed", "no lists", 42.0, 7.0)


def test_as_the_command_ends_one_process_folds_with_the_commands_settings(root, monkeypatch):
    asked = []

    def run(command, **_):
        asked.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(side_job.subprocess, "run", run)
    kept = attempts.Ledger()
    kept.start(DecideRetrain(date=DAY))
    kept.fold()
    [command] = asked
    assert command[1:3] == [str(ROOT / "jobs" / "__main__.py"), "ledger"]
    assert command[-1] == f"--lake-root={root}"
    assert "--health-deviations=4.0" in command


def test_a_command_that_ran_no_step_starts_nothing(root, monkeypatch):
    monkeypatch.setattr(side_job.subprocess, "run", lambda *_, **__: pytest.fail("nothing to fold"))
    kept = attempts.Ledger()
    kept.discovered(DecideRetrain(date=DAY), FetchUsers(date=DAY))
    kept.fold()


def test_a_job_that_does_not_fold_is_a_warning(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(side_job, "CODE", tmp_path)
    attempts.fold(str(tmp_path), Settings())
    assert "the run ledger was not folded: " in caplog.text
