"""Cleaning plays beside polars with deltalake, and a day with little new.

python -m bench.bench_clean [--plays 5000000 10000000] [--rounds 1]

Both sides read the same raw folders and write the same three tables; each is a process of its own, timed whole,
and they take turns. Ours is timed cold, by spark-submit (JVM started and stopped) in a fixed driver memory, and
warm, as a client of a Spark Connect server that has cleaned once before, as the daily wrapper and ``make run`` have
it. Then a second date whose snapshot has one play in two hundred more than the first is cleaned into the same
table, and what of that cannot be avoided is timed alone: reading and judging the whole snapshot.
"""

import argparse
import contextlib
import datetime
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

from bench import raw_lake
from conf.checkout import DEPLOY
from conf.contract import LISTENS
from tasks.run import jvm, spark_server
from tasks.run.probe import free_port

ROOT = pathlib.Path(__file__).parents[1]
FIRST, SECOND = datetime.date(2024, 3, 1), datetime.date(2024, 3, 2)
TARGET = 2.0
USERS, TRACKS = 100_000, 50_000
DIFFERENCES = """what each side does
  both     every rule of the contract but for those below, quarantine with reasons, accounting, plays merged by key
  ours     tells a number from a text that looks like one; masks personal values; proves the rows against the
           manifest; commits with markers, so that a run beside it or after a kill changes nothing; bounded memory
  polars   holds all plays in memory; no markers; offsets in stamps are not read"""


def ours(root: str, date: datetime.date, memory: str, entity: str = LISTENS.name) -> list[str]:
    """By spark-submit, with the JVM as the step's task starts it."""
    properties = jvm.options(jvm.history_rows(root, date))
    return [
        str(pathlib.Path(sys.executable).with_name("spark-submit")),
        f"--properties-file={DEPLOY / 'spark' / 'spark-defaults.conf'}",
        "--master=local[2]",
        f"--driver-memory={memory}",
        *[f"--conf={key}={value}" for key, value in properties.items()],
        str(ROOT / "jobs" / "__main__.py"),
        *clean(root, date, entity),
    ]


def warm(root: str, date: datetime.date, url: str) -> list[str]:
    """Ours as a client of the server at ``url``."""
    return [sys.executable, "-m", "jobs", *clean(root, date), f"--spark-remote={url}"]


def clean(root: str, date: datetime.date, entity: str = LISTENS.name) -> list[str]:
    return ["clean", f"--date={date}", f"--entity={entity}", f"--lake-root={root}"]


def reading(root: str, date: datetime.date, url: str) -> list[str]:
    """The snapshot read and judged row by row, nothing joined and nothing written."""
    return [sys.executable, "-m", "bench.read_snapshot", f"--root={root}", f"--date={date}", f"--spark-remote={url}"]


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


def compare(root: str, plays: int, url: str, args: argparse.Namespace) -> float:
    """Median seconds of ours, cold; prints it, ours on a server that is warm, polars, and the two ratios."""
    raw_lake.write(root, FIRST, plays, args.users, args.tracks)
    sides = {
        "polars": lambda: polars(root, FIRST),
        "cold": lambda: ours(root, FIRST, args.memory),
        "warm": lambda: warm(root, FIRST, url),
    }
    took: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(args.rounds):
        for name, command in sides.items():
            emptied(root)
            took[name].append(seconds(command()))
    median = {name: statistics.median(times) for name, times in took.items()}
    print(f"  {plays:>11,} plays   polars {median['polars']:6.1f} s")
    for name, label in (("cold", "spark-submit, JVM started and stopped"), ("warm", "on a warm Connect server")):
        ratio = median[name] / median["polars"]
        print(f"    ours {median[name]:6.1f} s   ratio {ratio:5.2f} (target at most {TARGET:g}), {label}", flush=True)
    return median["cold"]


def with_little_new(root: str, plays: int, url: str, args: argparse.Namespace) -> None:
    """The next day of a lake that knows ``plays`` already."""
    new = max(raw_lake.ITEMS, plays // 200)
    raw_lake.write(root, SECOND, plays + new, args.users, args.tracks)
    least = seconds(reading(root, SECOND, url))
    took = seconds(warm(root, SECOND, url))
    print(
        f"  {new:,} new beside {plays:,} known, on a warm Connect server: {took:.1f} s, of which reading and judging "
        f"the whole snapshot, not to be avoided, takes {least:.1f} s"
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
    with tempfile.TemporaryDirectory() as folder, server(pathlib.Path(folder)) as url:
        warm_up(f"{folder}/warm_up", url, args)
        for plays in args.plays:
            took[plays] = compare(f"{folder}/{plays}", plays, url, args)
        smallest, largest = min(took), max(took)
        if largest > smallest:
            growth = (took[largest] / took[smallest]) / (largest / smallest)
            print(
                f"  time from {smallest:,} to {largest:,} plays grows {growth:.2f} times as fast as the plays (target at most 1)"
            )
        with_little_new(f"{folder}/{largest}", largest, url, args)


@contextlib.contextmanager
def server(folder: pathlib.Path) -> Iterator[str]:
    """The URL of a Connect server of this bench's own, set up as the daily wrapper does it."""
    port = free_port()
    with spark_server.running(port, folder / "spark.log", "local[2]", jvm.options(jvm.MANY)) as url:
        yield url


def warm_up(root: str, url: str, args: argparse.Namespace) -> None:
    """The server cleans once before it is timed."""
    raw_lake.write(root, FIRST, min(args.plays), args.users, args.tracks)
    seconds(warm(root, FIRST, url))
    shutil.rmtree(root)


if __name__ == "__main__":
    main()
