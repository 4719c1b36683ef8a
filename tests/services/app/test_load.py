"""A load that goes on while days are published: nobody sees an error, and no answer mixes two days."""

import concurrent.futures
import datetime
import subprocess
import sys
import threading
import time

import pytest
import requests

from bench.bench_app import DAY, SCRIPT, load, write_lists, write_tracks
from lake.access import Lake

pytestmark = pytest.mark.services

USERS, TRACKS, K = 5_000, 2_000, 10
DAYS = [DAY + datetime.timedelta(days=days) for days in range(4)]


def model_of(date: datetime.date) -> str:
    return str(1 + (date - DAY).days)


@pytest.fixture
def lake(tmp_path) -> Lake:
    lake = Lake(str(tmp_path / "lake"))
    write_tracks(lake, TRACKS, DAYS[-1])
    write_lists(lake, USERS, TRACKS, K, DAY, 1)
    return lake


def test_no_request_fails_and_no_answer_mixes_two_days(lake, tmp_path, start, find):
    find("wrk")
    script = tmp_path / "random.lua"
    script.write_text(SCRIPT.replace("{users}", str(USERS)).replace("{k}", str(K)))
    with start(lake.root) as url, concurrent.futures.ThreadPoolExecutor() as pool:
        loaded = pool.submit(load, url, script, 12)
        stop = threading.Event()
        looked = pool.submit(look, url, stop)
        time.sleep(1)
        for date in DAYS[1:]:
            write_lists(lake, USERS, TRACKS, K, date, int(model_of(date)))
            wait_for(url, date)
        pace, _, _, errors = loaded.result()
        stop.set()
        seen = looked.result()
    assert errors == 0
    assert pace > 0
    assert {(date, model) for date, model, _ in seen} == {(str(date), model_of(date)) for date in DAYS}
    assert len({tracks for *_, tracks in seen}) == len(seen) == len(DAYS)


def look(url: str, stop: threading.Event) -> set[tuple[str, str, tuple[int, ...]]]:
    """Date, model and tracks, as one listener sees them again and again."""
    seen = set()
    with requests.Session() as session:
        while not stop.is_set():
            answer = session.get(f"{url}/users/77/recommendations?k={K}", timeout=30).json()
            tracks = tuple(row["track"]["track_id"] for row in answer["recommendations"])
            seen.add((answer["date"], answer["model_version"], tracks))
    return seen


def wait_for(url: str, date: datetime.date) -> None:
    until = time.monotonic() + 30
    while requests.get(f"{url}/health", timeout=30).json()["date"] != str(date):
        assert time.monotonic() < until, f"{date} is not served"
        time.sleep(0.1)


def test_several_workers_answer_and_count_together(lake, start, find):
    with start(lake.root, "--app-workers=2") as url:
        for _ in range(20):
            assert requests.get(f"{url}/users/1/recommendations", timeout=30).status_code == 200
        text = requests.get(f"{url}/metrics", timeout=30).text
    counts = [line for line in text.splitlines() if "seconds_count{" in line and "recommendations" in line]
    assert [line.rpartition(" ")[2] for line in counts] == ["20.0"]


def test_it_ends_at_once_when_it_is_told_to(lake):
    command = [sys.executable, "-m", "app", f"--lake-root={lake.root}", "--app-port=0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    url = process.stdout.readline().strip()
    assert requests.get(f"{url}/health", timeout=30).status_code == 200
    process.terminate()
    assert process.wait(timeout=10) == 143
