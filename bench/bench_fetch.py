"""Fetching against a bare concurrent loop of ``requests``, and the memory that it takes.

python -m bench.bench_fetch [--rows 100000] [--rounds 3] [--memory-rows 10000 1000000]

A server of its own process answers each page after 8 ms. The loop reads every page, parses it and drops it;
the fetch proves the pages, compresses and keeps them. They take turns, and medians are compared. Peak memory
is that of a process that fetches and does nothing else.
"""

import argparse
import concurrent.futures
import contextlib
import datetime
import math
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

import requests

from conf.contract import ENTITIES, Entity
from conf.settings import ApiSettings
from lake.layout import raw_folder
from tasks.api import fetch_snapshot

DATE = datetime.date(2024, 3, 1)
TARGET = 0.8
MEMORY_TARGET = 1.2


@contextlib.contextmanager
def served(rows: int, latency_ms: float) -> Iterator[str]:
    """The URL of a server with so many rows an entity."""
    command = [sys.executable, "-m", "bench.page_server", f"--rows={rows}", f"--latency-ms={latency_ms}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def bare_loop(entity: Entity, api: ApiSettings) -> int:
    """What a person would write in ten lines; returns the rows it saw."""
    with requests.Session() as session, concurrent.futures.ThreadPoolExecutor(api.concurrency) as pool:

        def page(number: int) -> dict:
            query = {"page": number, "size": api.page_size}
            return session.get(api.base_url + entity.path, params=query, timeout=api.timeout).json()

        pages = math.ceil(page(1)["total"] / api.page_size)
        return sum(len(answer["items"]) for answer in pool.map(page, range(1, pages + 1)))


def fetch(entity: Entity, api: ApiSettings) -> int:
    with tempfile.TemporaryDirectory() as root:
        return fetch_snapshot(entity, raw_folder(root, entity.name, DATE), DATE, api).rows


def seconds(work, entity: Entity, api: ApiSettings, rows: int) -> float:
    begun = time.perf_counter()
    found = work(entity, api)
    if found != rows:
        raise SystemExit(f"{entity.name}: {found} rows where {rows} are served")
    return time.perf_counter() - begun


def compare(entity: Entity, api: ApiSettings, rows: int, rounds: int) -> tuple[float, float]:
    """Median seconds of the loop and of the fetch, which take turns."""
    bare, ours = [], []
    for _ in range(rounds):
        bare.append(seconds(bare_loop, entity, api, rows))
        ours.append(seconds(fetch, entity, api, rows))
    return statistics.median(bare), statistics.median(ours)


def speed(args: argparse.Namespace) -> None:
    print(f"{args.rows:,} rows an entity, {args.latency_ms:g} ms a request, {args.concurrency} at once")
    totals = [0.0, 0.0]
    with served(args.rows, args.latency_ms) as url:
        api = ApiSettings(base_url=url, concurrency=args.concurrency)
        bare_loop(ENTITIES["tracks"], api)  # both run warm
        for entity in ENTITIES.values():
            bare, ours = compare(entity, api, args.rows, args.rounds)
            totals = [totals[0] + bare, totals[1] + ours]
            print(f"  {entity.name:<15} loop {bare:6.2f} s   fetch {ours:6.2f} s   ratio {bare / ours:.2f}")
    print(f"ratio {totals[0] / totals[1]:.2f} (target {TARGET})")


def memory(args: argparse.Namespace) -> None:
    peaks = [peak_mb(rows, args) for rows in args.memory_rows]
    shown = ", ".join(f"{peak:.1f} MB at {rows:,} rows" for peak, rows in zip(peaks, args.memory_rows, strict=True))
    print(f"peak memory: {shown}; ratio {peaks[-1] / peaks[0]:.2f} (target at most {MEMORY_TARGET})")


def peak_mb(rows: int, args: argparse.Namespace) -> float:
    """Peak memory of a process that fetches the entity with the longest rows."""
    with served(rows, args.latency_ms) as url:
        command = [
            sys.executable,
            "-m",
            "bench.bench_fetch",
            f"--only-fetch={url}",
            f"--concurrency={args.concurrency}",
        ]
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def own_peak_mb() -> float:
    """Of this program alone; getrusage would count the parent that it was forked from."""
    status = pathlib.Path("/proc/self/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000, help="rows of each entity")
    parser.add_argument("--rounds", type=int, default=3, help="turns that each of the two takes")
    parser.add_argument("--latency-ms", type=float, default=8.0, help="milliseconds before each answer")
    parser.add_argument("--concurrency", type=int, default=8, help="requests at once")
    parser.add_argument("--memory-rows", type=int, nargs=2, default=(10_000, 1_000_000), help="sizes for peak memory")
    parser.add_argument("--only-fetch", metavar="URL", help="fetch once and print the peak memory in MB")
    args = parser.parse_args()
    if args.only_fetch:
        fetch(ENTITIES["tracks"], ApiSettings(base_url=args.only_fetch, concurrency=args.concurrency))
        print(own_peak_mb())
        return
    speed(args)
    memory(args)


if __name__ == "__main__":
    main()
