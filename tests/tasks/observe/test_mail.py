"""What a command of Luigi mails as it ends, through a real SMTP server or into nothing."""

import json
import os
import pathlib
import subprocess
import sys

import pytest
from aiosmtpd.controller import Controller

from lake.access import Lake
from lake.layout import day_log, mail_memory, spool_folder
from tasks.observe.attempts import Ledger
from tasks.observe.mail import ended, finish
from tests.jobs.health.mailing.smtp import Mailbox
from tests.ports import free_port
from tests.tasks.test_luigid import DATE, ROOT

pytestmark = pytest.mark.slow

# A report that is written, and where asked for a step that fails, in one worker or in two processes forked from it.
STEPS = """
import pathlib, sys
import luigi
from tasks import base, observe, report

observe.install()

class HealthReport(report.HealthReport):
    def requires(self): return []

class Broken(base.DatedTask):
    def complete(self): return False
    def run(self): raise base.Refused("no <b>space</b> left")

class Day(base.DatedTask, luigi.WrapperTask):
    def requires(self):
        return [self.clone(step) for step in [HealthReport] + [Broken] * (sys.argv[1] == "broken")]

day = Day(date=luigi.DateParameter().parse("2024-03-01"))
sys.exit(not luigi.build([day], local_scheduler=True, workers=int(sys.argv[2])))
"""


def run(folder: pathlib.Path, mail: str, how: str = "well", workers: int = 1) -> subprocess.CompletedProcess:
    config = folder / "luigi.cfg"
    text = (ROOT / "luigi.cfg").read_text().replace("root = data/lake", f"root = {folder / 'lake'}")
    config.write_text(f"{text}\n[mail]\ntls = none\nhost = 127.0.0.1\n{mail}\n")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "LUIGI_CONFIG_PATH": str(config)}
    command = [sys.executable, "-c", STEPS, how, str(workers)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


@pytest.fixture
def server():
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield box, f"recipients = ops@example.org\nport = {controller.port}"
    controller.stop()


def subjects(box):
    return [
        line.removeprefix(b"Subject: ").decode()
        for _, _, content in box.mails
        for line in content.splitlines()
        if line.startswith(b"Subject: ")
    ]


def test_a_finished_day_is_mailed_once_however_often_it_is_run(server, tmp_path):
    box, mail = server
    for _ in range(2):
        assert run(tmp_path, f"{mail}\nwhen = always").returncode == 0
    assert len(box.mails) == 1
    assert len(mail_memory(tmp_path / "lake").read_text().splitlines()) == 1


def test_a_day_that_failed_in_another_process_is_mailed_too(server, tmp_path):
    box, mail = server
    assert run(tmp_path, mail, "broken", workers=2).returncode == 1
    assert subjects(box) == ["2024-03-01: FAILED at Broken"]


def test_a_dead_mail_server_fails_nothing_and_is_told_and_recorded(tmp_path):
    port = free_port()
    done = run(tmp_path, f"recipients = ops@example.org\nwhen = always\nport = {port}")
    assert done.returncode == 0
    cause = f"mail server 127.0.0.1:{port}: connection refused"
    told = f"the mail of 2024-03-01 was not sent: {cause}; make mail-check tries the settings"
    assert done.stderr.splitlines()[2:] == [told]
    runs = Lake(str(tmp_path / "lake")).rows("runs", [("date", "=", DATE), ("task", "=", "Notify")])
    assert [(row["status"], row["error"]) for row in runs] == [("failed", cause)]
    assert told in day_log(tmp_path / "lake", DATE).read_text()


def test_where_nobody_gets_mail_nothing_is_started(tmp_path, monkeypatch):
    book = Ledger()
    book.roots.add(str(tmp_path))
    file = spool_folder(tmp_path) / book.name
    file.parent.mkdir()
    file.write_text(json.dumps({"date": "2024-03-01", "task": "HealthReport", "status": "done"}))
    started = []
    monkeypatch.setattr(subprocess, "run", lambda command, **_: started.append(command))
    finish(book)
    assert started == []


def test_of_a_command_the_dates_that_ended_or_failed_are_told():
    lines = [
        json.dumps({"date": date, "task": task, "status": status})
        for date, task, status in [
            ("2024-03-02", "HealthReport", "done"),
            ("2024-03-01", "CleanTracks", "failed"),
            ("2024-03-03", "CleanTracks", "done"),
            ("2024-03-04", "HealthReport", "started"),
        ]
    ]
    assert [str(date) for date in ended(lines)] == ["2024-03-01", "2024-03-02"]
