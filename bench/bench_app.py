"""The application under load: requests a second and their times, from a lake of made-up lists.

python -m bench.bench_app [--users 100000] [--seconds 20] [--rounds 3] [--workers 1]

wrk asks ``/users/{id}/recommendations?k=20`` with 32 connections on the same machine, ids drawn at random. Then, with
the load going on, another day is published, and its errors and times are given too.
"""

import argparse
import contextlib
import datetime
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator

import numpy as np
import psutil
import pyarrow as pa
import requests
from deltalake import write_deltalake

from conf.tables import TABLES, marker
from lake.access import Lake
from lake.delta import arrow_schema

DAY = datetime.date(2024, 3, 1)
TARGET, TARGET_MS = 2_000, 50
CONNECTIONS = 32
SCRIPT = """
local users = {users}
function setup(thread) seed = (seed or 0) + 1; thread:set("seed", seed) end
function init(args) math.randomseed(seed) end
function request() return wrk.format("GET", "/users/" .. math.random(0, users - 1) .. "/recommendations?k={k}") end
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format("FIGURES %d %d %d %d %d\\n", summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"""


def write_tracks(lake: Lake, tracks: int, date: datetime.date) -> None:
    numbers = np.arange(tracks)
    stamps = pa.array([datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)] * tracks, pa.timestamp("us", "UTC"))
    texts = {
        "name": [f"Song number {number} of many" for number in numbers],
        "artist": [f"The Artist {number % 5_000}" for number in numbers],
        "songwriters": ["Somebody"] * tracks,
        "genres": ["rock, indie rock"] * tracks,
        "album": [f"Album {number % 20_000}" for number in numbers],
    }
    dates = {"first_seen": pa.array([date] * tracks), "last_seen": pa.array([date] * tracks)}
    columns = {"track_id": numbers, **texts, "duration_s": np.full(tracks, 200, np.int32), **dates}
    columns |= {"created_at": stamps, "updated_at": stamps}
    schema = arrow_schema(TABLES["tracks"])
    table = pa.table([pa.array(columns[name], schema.field(name).type) for name in schema.names], schema=schema)
    write_deltalake(lake.ensure("tracks"), table, mode="append")


def write_lists(lake: Lake, users: int, tracks: int, k: int, date: datetime.date, seed: int) -> None:
    """``k`` tracks for each user with three reasons, committed as Recommend commits them."""
    generator, rows = np.random.default_rng(seed), users * k
    reasons = pa.ListArray.from_arrays(
        np.arange(0, 3 * rows + 1, 3, dtype=np.int32), generator.integers(0, tracks, 3 * rows)
    )
    columns = {
        "date": pa.array(np.full(rows, np.datetime64(date))),
        "user_id": np.repeat(np.arange(users), k),
        "rank": np.tile(np.arange(1, k + 1, dtype=np.int32), users),
        "track_id": generator.integers(0, tracks, rows),
        "score": generator.random(rows, np.float32),
        "source": pa.array(np.repeat(["als"], rows)),
        "because": reasons,
        "model_version": pa.array(np.repeat([str(seed)], rows)),
    }
    schema = arrow_schema(TABLES["recommendations"])
    table = pa.table([pa.array(columns[name]).cast(schema.field(name).type) for name in schema.names], schema=schema)
    done = marker("recommendations", "Recommend", date)
    lake.replace_batches(table.to_batches, "recommendations", done, date=date)


@contextlib.contextmanager
def serving(root: pathlib.Path, workers: int) -> Iterator[tuple[str, int]]:
    """The URL and process id of the application over a lake, ready to answer."""
    command = [sys.executable, "-m", "app", f"--lake-root={root}", "--app-port=0", f"--app-workers={workers}"]
    with (root / "app.log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        for _ in range(2 * workers):  # each of the workers
            requests.get(f"{url}/health", timeout=120).raise_for_status()
        yield url, process.pid
    finally:
        process.terminate()
        process.wait(timeout=20)


def load(url: str, script: pathlib.Path, seconds: int) -> tuple[float, float, float, int]:
    """Requests a second, their median and 99th percentile (ms), and errors."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", f"-s{script}", url]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = re.search(r"FIGURES (\d+) (\d+) (\d+) (\d+) (\d+)", text)
    assert found is not None, text
    count, micros, half, most, errors = map(int, found.groups())
    return count / micros * 1e6, half / 1000, most / 1000, errors


def memory(pid: int) -> str:
    """Resident memory of the process and its children, and the most that the first ever had."""
    process = psutil.Process(pid)
    now = sum(each.memory_info().rss for each in [process, *process.children(recursive=True)])
    peak = re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())
    return f"{now / 2**20:.0f} MB resident, {int(peak[1]) / 1024 if peak else 0:.0f} MB at most"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--tracks", type=int, default=50_000)
    parser.add_argument("--k", type=int, default=20)
    parser.add_argument("--seconds", type=int, default=20, help="of a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1)
    args = parser.parse_args()
    if not shutil.which("wrk"):
        sys.exit("bench_app: wrk is not there; bin/install-servers installs it")
    print(
        f"{args.users:,} users, {args.tracks:,} tracks, k {args.k}, wrk with {CONNECTIONS} connections for "
        f"{args.seconds} s, {args.workers} worker(s), {os.cpu_count()} cores"
    )
    with tempfile.TemporaryDirectory() as folder:
        root, script = pathlib.Path(folder) / "lake", pathlib.Path(folder) / "random.lua"
        script.write_text(SCRIPT.replace("{users}", str(args.users)).replace("{k}", str(args.k)))
        lake = Lake(str(root))
        write_tracks(lake, args.tracks, DAY)
        write_lists(lake, args.users, args.tracks, args.k, DAY, 1)
        with serving(root, args.workers) as (url, pid):
            measure(url, script, args)
            print(f"  memory: {memory(pid)}")
            publish(lake, url, script, args)
            print(f"  memory: {memory(pid)}")


def measure(url: str, script: pathlib.Path, args: argparse.Namespace) -> None:
    load(url, script, min(3, args.seconds))  # not counted: caches fill
    rounds = [load(url, script, args.seconds) for _ in range(args.rounds)]
    for pace, half, most, errors in rounds:
        print(f"  {pace:,.0f} requests/s, median {half:.1f} ms, p99 {most:.1f} ms, {errors} errors")
    pace, most = statistics.median(row[0] for row in rounds), statistics.median(row[2] for row in rounds)
    print(f"  median {pace:,.0f} requests/s (target {TARGET:,}), p99 {most:.1f} ms (target {TARGET_MS})")


def publish(lake: Lake, url: str, script: pathlib.Path, args: argparse.Namespace) -> None:
    """Another day is committed while the load goes on."""
    found: list[tuple[float, float, float, int]] = []
    thread = threading.Thread(target=lambda: found.append(load(url, script, max(args.seconds, 15))))
    thread.start()
    time.sleep(1)
    next_day = DAY + datetime.timedelta(days=1)
    write_lists(lake, args.users, args.tracks, args.k, next_day, 2)
    committed, date = time.monotonic(), ""
    while date != str(next_day) and thread.is_alive():
        time.sleep(0.1)
        date = requests.get(f"{url}/health", timeout=60).json()["date"]
    print(
        f"  the next day is {'served' if date == str(next_day) else 'NOT served'} {time.monotonic() - committed:.1f} s after its commit"
    )
    thread.join()
    pace, half, most, errors = found[0]
    print(f"  meanwhile {pace:,.0f} requests/s, median {half:.1f} ms, p99 {most:.1f} ms, {errors} errors")


if __name__ == "__main__":
    main()
