"""The steps of a day whose cost grows with users, at several numbers of users, and how steeply each grows.

python -m bench.bench_scaling [--users 1000000 2000000 4000000] [--steps …] [--root FOLDER]

Each step is a process of its own with a Spark of its own on all cores of this machine, so its start is in the time: of
a step that takes seconds it is most. Peaks of memory are sums of what the step's processes hold, looked at five times a
second: the JVM (driver, executors and cache are one there) apart from the Pythons (pages that they share count in each).
Processor seconds are of the whole step, with its start and what it prepares: other work on the machine changes them less
than it changes the time.
A step that fails or takes too long is named as not measured, at that size and at larger ones.

With ``--root`` the lakes stay there, and what was measured in ``results.jsonl``: another run goes on with other steps or
sizes, and tells the growth over all of them.
"""

import argparse
import contextlib
import itertools
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import psutil

from bench.scaling_steps import STEPS, sizes

SIZES = [1_000_000, 2_000_000, 4_000_000]
MB = 2**20


class Growth(NamedTuple):
    """Between two sizes: times the rows, times the seconds, seconds ~ rows ** exponent, and seconds of a row more."""

    rows: float
    seconds: float
    exponent: float
    of_a_row: float


def growth(smaller: tuple[int, float], larger: tuple[int, float]) -> Growth:
    """From (rows, seconds) of two sizes."""
    rows, seconds = larger[0] / smaller[0], larger[1] / smaller[1]
    more = (larger[1] - smaller[1]) / (larger[0] - smaller[0])
    return Growth(rows, seconds, math.log(seconds) / math.log(rows), more)


class Peaks:
    """Of a process and its children: the most they held, ``jvm_mb`` and ``python_mb``, and their processor seconds."""

    def __init__(self, pid: int) -> None:
        self.process, self.jvm_mb, self.python_mb = psutil.Process(pid), 0.0, 0.0
        self.seconds: dict[int, float] = {}  # by process, as last seen

    @property
    def cpu_seconds(self) -> float:
        return sum(self.seconds.values())

    def look(self) -> None:
        held = {"java": 0, "python": 0}
        with contextlib.suppress(psutil.NoSuchProcess):
            for process in (self.process, *self.process.children(recursive=True)):
                with contextlib.suppress(psutil.NoSuchProcess):
                    self.seconds[process.pid] = sum(process.cpu_times()[:2])
                    kind = next((kind for kind in held if process.name().startswith(kind)), None)
                    if kind:
                        held[kind] += process.memory_info().rss
        self.jvm_mb, self.python_mb = max(self.jvm_mb, held["java"] / MB), max(self.python_mb, held["python"] / MB)


@contextlib.contextmanager
def watched(pid: int) -> Iterator[Peaks]:
    peaks, done = Peaks(pid), threading.Event()

    def watch() -> None:
        while not done.wait(0.2):
            peaks.look()

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peaks
    finally:
        done.set()
        thread.join()


def run(step: str, root: pathlib.Path, users: int, args: argparse.Namespace) -> list[dict[str, Any]]:
    """What a step measured; that it was not, and why, where it failed."""
    flags = [f"--{name.replace('_', '-')}={getattr(args, name)}" for name in flags_of_steps()]
    command = [sys.executable, "-m", "bench.scaling_steps", step, f"--root={root}", f"--users={users}", *flags]
    log, before = root / f"{step}.log", os.getloadavg()[0]
    with log.open("w") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, start_new_session=True)
        with watched(process.pid) as peaks:
            try:
                told = process.communicate(timeout=args.limit)[0]
                why = f"it ended with {process.returncode}: {last_line(log)}" if process.returncode else ""
            except subprocess.TimeoutExpired:
                end(process)
                why = f"it took more than {args.limit:g} s"
            except BaseException:
                end(process)
                raise
    common = {"step": step, "users": users, "load": (round(before, 1), round(os.getloadavg()[0], 1))}
    if why:
        return [{**common, "what": step, "not measured": why}]
    held = {"jvm_mb": round(peaks.jvm_mb), "python_mb": round(peaks.python_mb), "step_cpu": round(peaks.cpu_seconds)}
    return [{**held, **common, **one} for one in json.loads(told.splitlines()[-1])]


def flags_of_steps() -> Iterable[str]:
    parser = argparse.ArgumentParser()
    sizes(parser)
    return vars(parser.parse_args([]))


def end(process: subprocess.Popen) -> None:
    """A step and all that it started."""
    for child in (*psutil.Process(process.pid).children(recursive=True), process):
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
    process.communicate()


def last_line(log: pathlib.Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1][-200:] if lines else "it said nothing"


def shown(row: dict[str, Any]) -> str:
    """A line of the table."""
    name, load = f"{row['users']:>10,} {row['what']:34}", f"load {row['load'][0]} to {row['load'][1]}"
    if "not measured" in row:
        return f"{name} not measured: {row['not measured']} ({load})"
    if row["seconds"] is None:
        return f"{name} {row['rows']:>12,} {row['unit']}s, {row['bytes'] / row['rows']:.1f} bytes each"
    pace = f"{row['seconds']:8.1f} s {row['rows'] / row['seconds']:>12,.0f}/s"
    held = f"JVM {row['jvm_mb']:,.0f} MB, Python {row['python_mb']:,.0f} MB, step {row['step_cpu']} cpu s"
    return f"{name} {row['rows']:>12,} {row['unit']}s {pace}   {held}, {load}"


def slopes(results: list[dict[str, Any]]) -> Iterator[str]:
    """A line for each step and two sizes that follow each other."""
    timed = [row for row in results if row.get("seconds")]
    for one in dict.fromkeys(map(name_of, timed)):
        latest = {row["users"]: row for row in timed if name_of(row) == one}  # of a size measured twice, the later
        rows = [latest[users] for users in sorted(latest)]
        for smaller, larger in itertools.pairwise(rows):
            found = growth(*((row["rows"], row["seconds"]) for row in (smaller, larger)))
            yield (
                f"{one:36} {smaller['users']:>10,} to {larger['users']:>10,} users: rows x {found.rows:.2f}, time x "
                f"{found.seconds:.2f}, exponent {found.exponent:.2f}, {found.of_a_row * 1e6:.2f} us a {larger['unit']} more"
            )


def name_of(row: dict[str, Any]) -> str:
    """Steps may measure the same: plays to pairs before either fit."""
    return f"{row['step']}: {row['what']}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, nargs="+", default=SIZES, help="sizes, smallest first")
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=list(STEPS), help="raw comes before all others")
    parser.add_argument("--root", type=pathlib.Path, help="folder to keep; else a temporary one")
    parser.add_argument("--limit", type=float, default=900, help="seconds after which a step is given up")
    sizes(parser)
    args = parser.parse_args()
    told = ", ".join(f"{name} {getattr(args, name)}" for name in flags_of_steps())
    print(f"{len(os.sched_getaffinity(0))} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB; {told}", flush=True)
    with contextlib.ExitStack() as stack:
        root = args.root or pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        results = root / "results.jsonl"
        for users in args.users:
            folder = root / str(users)
            folder.mkdir(parents=True, exist_ok=True)
            for step in args.steps:
                record(results, run(step, folder, users, args))
        for line in slopes([json.loads(line) for line in results.read_text().splitlines()]):
            print(line)


def record(file: pathlib.Path, rows: list[dict[str, Any]]) -> None:
    with file.open("a") as output:
        for row in rows:
            print(shown(row), flush=True)
            output.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
