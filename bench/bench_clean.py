"""Cleaning plays beside polars with deltalake, and a day with little new.

python -m bench.bench_clean [--plays 5000000 10000000] [--rounds 1]

Both sides read the same raw folders and write the same three tables; each is a process of its own, timed whole,
and they take turns. Ours is timed by spark-submit (JVM started and stopped) in a fixed driver memory. Then a
second date whose snapshot has one play in two hundred more than the first is cleaned into the same table.
"""

import argparse
import datetime
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from bench import raw_lake

ROOT = pathlib.Path(__file__).parents[1]
FIRST, SECOND = datetime.date(2024, 3, 1), datetime.date(2024, 3, 2)
TARGET = 2.0
USERS, TRACKS = 100_000, 50_000
DIFFERENCES = """what each side does
  both     every rule of the contract but for those below, quarantine with reasons, accounting, plays merged by key
  ours     tells a number from a text that looks like one; masks personal values; proves the rows against the
           manifest; commits with markers, so that a run beside it or after a kill changes nothing; bounded memory
  polars   holds all plays in memory; no markers; offsets in stamps are not read"""


def ours(root: str, date: datetime.date, memory: str) -> list[str]:
    return [
        str(pathlib.Path(sys.executable).with_name("spark-submit")),
        f"--properties-file={ROOT / 'conf' / 'spark' / 'spark-defaults.conf'}",
        "--master=local[2]",
        f"--driver-memory={memory}",
        str(ROOT / "jobs" / "__main__.py"),
        "clean",
        f"--date={date}",
        "--entity=listen_history",
        f"--lake-root={root}",
    ]


def polars(root: str, date: datetime.date) -> list[str]:
    return [sys.executable, "-m", "bench.polars_clean", f"--root={root}", f"--date={date}"]


def seconds(command: list[str]) -> float:
    environment = {**os.environ, "PYSPARK_PYTHON": sys.executable}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    begun = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}: {done.stderr[-2000:]}")
    return time.perf_counter() - begun


def emptied(root: str) -> str:
    """The lake without tables."""
    for path in pathlib.Path(root).iterdir():
        if path.name != "raw":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return root


def compare(root: str, plays: int, args: argparse.Namespace) -> float:
    """Median seconds of ours; prints both and their ratio."""
    raw_lake.write(root, FIRST, plays, args.users, args.tracks)
    mine, theirs = [], []
    for _ in range(args.rounds):
        theirs.append(seconds(polars(emptied(root), FIRST)))
        mine.append(seconds(ours(emptied(root), FIRST, args.memory)))
    ratio = statistics.median(mine) / statistics.median(theirs)
    print(
        f"  {plays:>11,} plays   ours {statistics.median(mine):6.1f} s   polars {statistics.median(theirs):6.1f} s   "
        f"ratio {ratio:.2f} (target at most {TARGET:g})",
        flush=True,
    )
    return statistics.median(mine)


def with_little_new(root: str, plays: int, args: argparse.Namespace) -> None:
    """The next day of a lake that knows ``plays`` already."""
    new = max(raw_lake.ITEMS, plays // 200)
    raw_lake.write(root, SECOND, plays + new, args.users, args.tracks)
    took = seconds(ours(root, SECOND, args.memory))
    print(
        f"  {new:,} new beside {plays:,} known: {took:.1f} s; reading and judging the whole snapshot is not to be avoided"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plays", type=int, nargs="+", default=[5_000_000, 10_000_000], help="sizes, smallest first")
    parser.add_argument("--users", type=int, default=USERS)
    parser.add_argument("--tracks", type=int, default=TRACKS)
    parser.add_argument("--rounds", type=int, default=1, help="turns that each side takes at each size")
    parser.add_argument("--memory", default="2g", help="memory of the Spark driver")
    args = parser.parse_args()
    print(
        f"{DIFFERENCES}\n\ncleaning listens, {args.users:,} users, {args.tracks:,} tracks, driver memory {args.memory}"
    )
    took = {}
    with tempfile.TemporaryDirectory() as folder:
        for plays in args.plays:
            took[plays] = compare(f"{folder}/{plays}", plays, args)
        smallest, largest = min(took), max(took)
        if largest > smallest:
            growth = (took[largest] / took[smallest]) / (largest / smallest)
            print(
                f"  time from {smallest:,} to {largest:,} plays grows {growth:.2f} times as fast as the plays (target at most 1)"
            )
        with_little_new(f"{folder}/{largest}", largest, args)


if __name__ == "__main__":
    main()
