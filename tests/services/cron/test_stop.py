"""The nightly run is ended in the middle: nothing is left running, and the next run goes on where it stood."""

import os
import pathlib
import signal
import subprocess
import time

import pytest
from deltalake import DeltaTable

from tests.acceptance.conftest import serving
from tests.chaos.processes import of_folder
from tests.ports import free_port

pytestmark = pytest.mark.services

ROOT = pathlib.Path(__file__).parents[3]
DATE = "2026-10-01"


@pytest.fixture
def api():
    with serving("-m", "demo_api", "--port=0", f"--as-of={DATE}") as api:
        yield api.url


def start(api: str, folder: pathlib.Path, port: int) -> subprocess.Popen:
    flags = [
        f"--date={DATE}",
        f"--api-base-url={api}",
        f"--lake-root={folder / 'lake'}",
        f"--registry-uri=sqlite:///{folder / 'mlflow.db'}",
        f"--daily-spark-port={port}",
        "--als-tune=never",
        "--als-rank=8",
    ]
    return subprocess.Popen([ROOT / "bin" / "daily", *flags], stdout=subprocess.PIPE, text=True)


def said(folder: pathlib.Path) -> str:
    return "\n".join(log.read_text() for log in (folder / "lake" / "logs").glob("daily-*.log"))


def wait(true, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.2)
    return bool(true())


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL], ids=["asked", "killed"])
def test_a_run_that_is_ended_leaves_no_process_and_the_next_one_goes_on(api, tmp_path, sent):
    port = free_port()
    first = start(api, tmp_path, port)
    assert wait(lambda: "CleanListens" in said(tmp_path) or "CleanTracks" in said(tmp_path), 180), said(tmp_path)
    asked = time.monotonic()
    first.send_signal(sent)
    code = first.wait(timeout=60)
    if sent == signal.SIGTERM:
        assert code == 143
        assert time.monotonic() - asked < 30
        assert of_folder(tmp_path) == []
    assert wait(lambda: of_folder(tmp_path) == [], 60), of_folder(
        tmp_path
    )  # the kernel ends what a killed run had started
    second = start(api, tmp_path, port)
    assert second.wait(timeout=300) == 0, said(tmp_path)
    assert second.stdout is not None
    assert second.stdout.read() == f"{DATE} is complete\n"
    assert said(tmp_path).count("FetchTracks") == 1
    assert of_folder(tmp_path) == []
    lists = DeltaTable(tmp_path / "lake" / "recommendations").to_pyarrow_table(columns=["user_id", "rank"])
    assert lists.num_rows > 0
    assert os.listdir(tmp_path / "lake" / "raw" / "tracks") == [f"date={DATE}"]
