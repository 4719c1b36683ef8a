"""How ``make run`` ends: with the page, which stays only where somebody sits before it."""

import os
import pathlib
import pty
import re
import signal
import subprocess
import sys

import pytest
import requests

from tests.app.lakes import small_lake
from tests.ports import free_port

pytestmark = pytest.mark.slow

ROOT = pathlib.Path(__file__).parents[2]


def command(folder, port):
    lines = f"import pathlib, tasks.run.demo as demo; demo.use('app', 'port', '{port}'); demo.page(pathlib.Path({str(folder)!r}))"
    return [sys.executable, "-c", lines]


def test_where_nobody_sits_it_says_how_to_start_it_and_starts_nothing(tmp_path):
    done = subprocess.run(command(tmp_path, 1), cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == f"\n  page     make app ROOT={tmp_path}/lake   (http://127.0.0.1:1)\n"
    assert not (tmp_path / "logs").exists()


def test_on_a_terminal_it_serves_until_interrupted(tmp_path):
    small_lake(tmp_path / "lake")
    port, (mine, its) = free_port(), pty.openpty()
    process = subprocess.Popen(command(tmp_path, port), cwd=ROOT, stdout=its, stderr=its, start_new_session=True)
    os.close(its)
    try:
        shown = ""
        while "starts it again" not in shown:
            shown += os.read(mine, 1000).decode()
        url = re.search(r"page +(http://\S+)", shown)[1]
        assert url == f"http://127.0.0.1:{port}"
        assert requests.get(f"{url}/health", timeout=30).json()["date"] == "2024-03-01"
    finally:
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(timeout=20) == 0
        os.close(mine)
    assert "Traceback" not in (tmp_path / "logs" / "app.log").read_text()
