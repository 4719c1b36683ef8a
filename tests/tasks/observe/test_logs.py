"""A step that fails, as a person types it: one line with the cause and the log, and nothing of the environment."""

import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

from lake.layout import log_file
from tests.tasks.test_luigid import DATE, ROOT

pytestmark = pytest.mark.slow

SECRETS = {
    "MOOVITAMIX_API_TOKEN": "planted-1",
    "MOOVITAMIX_MAIL_PASSWORD": "planted-2",
    "AWS_SECRET_ACCESS_KEY": "planted-3",
}

# One step with a job that ends with an error nobody foresaw, and one without a job that does.
STEPS = """
import sys
import luigi
from tasks import base, observe, report

observe.install()

class WithJob(report.HealthReport):
    def requires(self): return []
    def program_args(self): return [sys.executable, "-c", "raise ValueError('no such figure')"]

class Without(base.DatedTask):
    def complete(self): return False
    def run(self): raise KeyError("pages")

date = luigi.DateParameter().parse("2024-03-01")
steps = [step(date=date) for step in (WithJob, Without)]
sys.exit(not luigi.build(steps, local_scheduler=True))
"""


def run(folder: pathlib.Path, form: str) -> subprocess.CompletedProcess:
    config = folder / "luigi.cfg"
    text = (ROOT / "luigi.cfg").read_text().replace("root = data/lake", f"root = {folder / 'lake'}")
    config.write_text(f"{text}\n[logs]\nformat = {form}\n")
    environment = {**os.environ, **SECRETS, "PYTHONPATH": str(ROOT), "LUIGI_CONFIG_PATH": str(config)}
    return subprocess.run([sys.executable, "-c", STEPS], cwd=ROOT, env=environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def failed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("failed")
    return folder / "lake", run(folder, "text")


def test_each_failure_is_one_line_with_its_cause_and_its_log(failed):
    lake, done = failed
    assert done.returncode == 1
    lines = sorted(re.sub(r"^\[\d/\d\] (\w+) +\S+ +\S+ s ", r"\1", line) for line in done.stderr.splitlines())
    assert lines == [
        f"WithJob FAILED: ValueError: no such figure (log: {log_file(lake, DATE, 'WithJob')})",
        f"Without FAILED: KeyError: 'pages' (log: {lake}/logs/2024-03-01/day.log)",
    ]


def test_the_days_log_has_all_of_it_and_the_stack_of_what_nobody_foresaw(failed):
    lake, _ = failed
    lines = (lake / "logs/2024-03-01/day.log").read_text().splitlines()
    stamps = [line.split(" ", 1)[0] for line in lines]
    assert stamps == sorted(stamps)
    said = {
        task: [line.split(" ", 2)[2] for line in lines if line.split(" ", 2)[1] == task]
        for task in ("WithJob", "Without")
    }
    assert said["WithJob"][:2] == ["begins", "Traceback (most recent call last):"]
    assert said["WithJob"][-2] == "ValueError: no such figure"
    assert said["WithJob"][-1].startswith("FAILED: ValueError: no such figure (log: ")
    assert said["Without"][:3] == ["begins", "FAILED: KeyError: 'pages'", "Traceback (most recent call last):"]
    assert said["Without"][-1] == "KeyError: 'pages'"


def test_no_secret_of_the_environment_is_printed_or_written(failed):
    lake, done = failed
    files = [file for file in lake.rglob("*") if file.is_file()]
    assert any(file.name == "WithJob.log" for file in files)
    for text in (done.stdout, done.stderr, *(file.read_bytes().decode(errors="replace") for file in files)):
        assert "planted" not in text


def test_on_request_the_log_is_json_lines(tmp_path):
    run(tmp_path, "json")
    lines = [json.loads(line) for line in (tmp_path / "lake/logs/2024-03-01/day.jsonl").read_text().splitlines()]
    assert {line["task"] for line in lines} == {"WithJob", "Without"}
    assert {"error"} == {line["level"] for line in lines if line["message"].startswith("FAILED")}
    assert set(lines[0]) == {"time", "date", "task", "level", "message"}
    assert not (tmp_path / "lake/logs/2024-03-01/day.log").exists()
