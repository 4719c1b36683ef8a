"""Full disks, two runs at once, kills: what lies in place is whole, and what is not goes."""

import fcntl
import os
import pathlib
import random
import signal
import subprocess
import sys
import threading
import time

import pytest

from conf.contract import ENTITIES
from tasks import api as fetching
from tasks.api.keylog import KeyLog
from tests.tasks.api.conftest import DATE, data, lines
from tests.tasks.api.fault_server import running

FETCH = """
import datetime, pathlib, resource, sys
from conf.contract import ENTITIES
from conf.errors import refusals_told
from conf.settings import ApiSettings
from tasks.api import fetch_snapshot
url, folder, limit = sys.argv[1:]
if int(limit):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
print("begun", flush=True)
with refusals_told():
    fetch_snapshot(ENTITIES["tracks"], pathlib.Path(folder), datetime.date(2024, 3, 1), ApiSettings(base_url=url, page_size=10))
"""


def command(url: str, folder: pathlib.Path, limit: int = 0) -> list[str]:
    return [sys.executable, "-c", FETCH, url, str(folder), str(limit)]


def content(folder: pathlib.Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("part-*")}


def test_full_disk_is_named_and_leaves_nothing(server, folder):
    done = subprocess.run(command(server.url, folder, limit=200), capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == (
        f"error: {folder}: file too large while writing, nothing was kept; see to the disk, then run again\n"
    )
    assert list(folder.parent.iterdir()) == []
    subprocess.run(command(server.url, folder), check=True, capture_output=True)
    assert len(lines(folder)) == 95


def test_folder_that_cannot_be_made_is_named(api, tmp_path):
    (tmp_path / "raw").write_text("a file")
    with pytest.raises(fetching.NotWritten, match=r"raw/tracks/d: (not a directory|file exists) while writing"):
        fetching.fetch_snapshot(ENTITIES["tracks"], tmp_path / "raw" / "tracks" / "d", DATE, api)


def test_second_run_waits_and_takes_what_the_first_fetched(fetch, server, folder):
    server.fault = lambda request: time.sleep(0.02)
    got = []
    threads = [threading.Thread(target=lambda: got.append(fetch())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got[0] == got[1] == got[2]
    assert sum(request.page == 5 for request in server.seen) == 2


@pytest.mark.slow
def test_run_that_waited_too_long_says_so(fetch, folder):
    folder.parent.mkdir(parents=True)
    handle = os.open(folder.parent, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    with pytest.raises(
        fetching.NotWritten, match="another run has been fetching into it for 1 s; wait for it or end it"
    ):
        fetch(deadline=1.0)
    os.close(handle)


def kill_and_finish(root: pathlib.Path, kills: int) -> None:
    """Kill a fetch at random moments, then let it finish; it must leave what an undisturbed one does."""
    chance = random.Random(kills)
    with running(data()) as server:
        server.fault = lambda request: time.sleep(0.01)
        undisturbed, folder = root / "a" / "tracks" / "date=2024-03-01", root / "b" / "tracks" / "date=2024-03-01"
        begun = time.monotonic()
        subprocess.run(command(server.url, undisturbed), check=True, capture_output=True)
        took = time.monotonic() - begun
        killed = 0
        while killed < kills:
            with subprocess.Popen(command(server.url, folder), stdout=subprocess.PIPE) as process:
                process.stdout.readline()
                time.sleep(chance.uniform(0, took / 2))
                process.send_signal(signal.SIGKILL)
                killed += process.wait() == -signal.SIGKILL
            if folder.exists():  # it was quicker than the signal: whole, then
                assert content(folder) == content(undisturbed)
                fetching.read_manifest(folder, checksums=True)
                (folder / "_manifest.json").unlink()
        subprocess.run(command(server.url, folder), check=True, capture_output=True)
        assert content(folder) == content(undisturbed)
        assert [path.name for path in folder.parent.iterdir()] == [folder.name]


@pytest.mark.slow
def test_killed_three_times(tmp_path):
    kill_and_finish(tmp_path, 3)


@pytest.mark.chaos
def test_killed_twenty_times(tmp_path):
    kill_and_finish(tmp_path, 20)


def test_keys_that_repeat_are_found_across_slices(tmp_path, monkeypatch):
    monkeypatch.setattr("tasks.api.keylog.SLICE", 4)
    monkeypatch.setattr("tasks.api.keylog.BLOCK", 5)
    rows = [{"user_id": number, "created_at": "x"} for number in range(30)]
    rows[21] = rows[4]
    rows[22] = {"user_id": 4, "created_at": "y"}
    rows[28] = rows[29] = {"user_id": [1]}
    with KeyLog(tmp_path / "keys", ("user_id", "created_at")) as keys:
        keys.add(rows[:10])
        keys.add(rows[10:])
        assert keys.repeats().tolist() == [4, 21, 28, 29]
    assert list(tmp_path.iterdir()) == []
