"""Run days one after another while faults are injected at random moments, and hold what comes of it against a quiet run.

python -m tests.chaos.run --seconds 600 [--seed N] [--short] [--keep]

Days are run by bin/daily, each until it is complete. At the end every day is complete, ``python -m jobs check`` finds
nothing, the tables are those of a quiet run of the same dates, the mart is the lake, and nothing is left: no process, no
temporary file, no lock. Ends with code 1, and what differs, where anything does. The seed repeats the schedule: which
faults, with which pauses; what they meet depends on the machine as well.
"""

import argparse
import dataclasses
import datetime
import fcntl
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import time

from lake.layout import lock_file
from tasks.run.spark_server import running
from tests.chaos import compare, processes, servers
from tests.chaos.faults import FAULTS
from tests.chaos.house import House, house
from tests.chaos.schedule import Injector, events, one_deck

FIRST = datetime.date(2026, 10, 1)
DATA_SEED = 7
SHORT_DAYS = 2
ATTEMPTS = 25  # runs of bin/daily that a day may take
LEAVE = 20  # seconds for processes to go after the last run
OTHERS_HOLD, TRIED_AGAIN = 10, {10, 25, 30, 35, 40, 137, 143}
SAYS_DONE = "is complete; nothing to do"


@dataclasses.dataclass
class Outcome:
    """``findings`` are what is wrong; ``hits`` how many faults of each kind hit something."""

    dates: list[datetime.date] = dataclasses.field(default_factory=list)
    findings: list[str] = dataclasses.field(default_factory=list)
    hits: dict[str, int] = dataclasses.field(default_factory=dict)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600, help="how long faults are injected (default: 600)")
    parser.add_argument("--seed", type=int, help="of the schedule; by default a new one, which is printed")
    parser.add_argument("--short", action="store_true", help=f"{SHORT_DAYS} days, and each kind of fault once")
    parser.add_argument("--keep", action="store_true", help="leave the run's folder, for a look")
    args = parser.parse_args()
    seed = random.SystemRandom().randrange(10**6) if args.seed is None else args.seed
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what is started and mounted is ended all the same
    folder = pathlib.Path(tempfile.mkdtemp(prefix="chaos-"))
    try:
        outcome = chaos(folder, seed, args.seconds, args.short)
    finally:
        if not args.keep:
            shutil.rmtree(folder, ignore_errors=True)
    return 1 if outcome.findings else 0


def chaos(folder: pathlib.Path, seed: int, seconds: float, short: bool = False) -> Outcome:
    """The whole of it, told on standard output."""
    say = Clock()
    say(f"seed {seed}: python -m tests.chaos.run --seed {seed} " + ("--short" if short else f"--seconds {seconds:.0f}"))
    folder.chmod(0o755)
    with house(folder / "chaos", DATA_SEED, FIRST, small_disk=True) as stormy:
        outcome = storm(stormy, seed, seconds, short, say)
        outcome.findings += left(stormy, outcome.dates)
        found, kinds = compare.tables(stormy.lake), compare.files(stormy.lake)
        say(f"the same {len(outcome.dates)} days without faults")
        with (
            house(folder / "quiet", DATA_SEED, FIRST) as calm,
            running(calm.spark_port, folder / "spark.log") as remote,
        ):
            for date in outcome.dates:
                run_day(calm, date, outcome, say, attempts=1)
            calm.close()
            outcome.findings += compare.differences(found, compare.tables(calm.lake))
            outcome.findings += [f"left in the lake: {kind}" for kind in sorted(kinds - compare.files(calm.lake))]
            code, said = stormy.check(outcome.dates[-1], remote)
            outcome.findings += [f"python -m jobs check ended with code {code}: {said}"] if code else []
    tell(outcome, seed, say)
    return outcome


def storm(stormy: House, seed: int, seconds: float, short: bool, say: "Clock") -> Outcome:
    """Days with faults; those of the short form end with its days."""
    kinds = [kind for kind in FAULTS if kind != "disk" or stormy.mounted]
    if not stormy.mounted:
        say("a full disk is left out: only a root that may mount can have a small one")
    planned = events(seed, kinds, (0.5, 3) if short else (3, 15))
    injector = Injector(stormy, one_deck(planned, kinds, 1) if short else planned, 8 if short else 30, say)
    outcome, date, begun = Outcome(), FIRST, time.monotonic()
    injector.start()
    try:
        while len(outcome.dates) < SHORT_DAYS if short else time.monotonic() - begun < seconds:
            outcome.dates.append(date)
            stormy.api.move_to(date)
            run_day(stormy, date, outcome, say, ATTEMPTS, injector, begun + (3600 if short else seconds))
            date += datetime.timedelta(days=1)
    finally:
        injector.stop()
    outcome.hits = injector.hits
    if injector.error:
        outcome.findings.append(f"the injection of faults itself failed: {injector.error!r}")
    return outcome


def run_day(
    where: House,
    date: datetime.date,
    outcome: Outcome,
    say: "Clock",
    attempts: int,
    injector: Injector | None = None,
    until: float = 0,
) -> None:
    """bin/daily again and again until the day is complete."""
    if injector is None:
        where.api.move_to(date)
    for attempt in range(1, attempts + 1):
        if injector and time.monotonic() > until:
            injector.stop()
        begun = time.monotonic()
        code, said = where.daily(date)
        last = said.splitlines()[-1][:200] if said else ""
        say(f"{'day':<9} {date}, run {attempt}: code {code} in {time.monotonic() - begun:.0f} s: {last}")
        if code == 0:
            return
        if code not in {*TRIED_AGAIN, -signal.SIGKILL}:
            outcome.findings.append(
                f"{date}: bin/daily {'hung' if code == -1 else f'ended with code {code}'}: {said[-400:]}"
            )
        if code == OTHERS_HOLD:
            time.sleep(1)
    outcome.findings.append(f"{date} was not complete after {attempts} runs of bin/daily")


def left(stormy: House, dates: list[datetime.date]) -> list[str]:
    """What is wrong with the run by itself, once its last day is over; its servers are stopped."""
    findings = []
    for date in dates:
        code, said = stormy.daily(date)
        if code or SAYS_DONE not in said:
            findings.append(f"{date} is not complete at the end: {said[-200:]}")
    findings += [f"left running: {found.command[:200]}" for found in leftover(lambda: stormy.running())]
    findings += compare.mart_differences(servers.url(stormy.postgres.port), stormy.lake)
    stormy.close()
    findings += [
        f"left running: {found.command[:200]}" for found in leftover(lambda: processes.of_folder(stormy.folder))
    ]
    with lock_file(stormy.lake).open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            findings.append(f"{lock_file(stormy.lake)} is held")
    return findings


def leftover(look) -> list[processes.Process]:
    """What is still there when everything had time to go."""
    deadline = time.monotonic() + LEAVE
    while (found := look()) and time.monotonic() < deadline:
        time.sleep(0.3)
    return found


def tell(outcome: Outcome, seed: int, say: "Clock") -> None:
    say("faults that hit: " + ", ".join(f"{kind} {count}" for kind, count in outcome.hits.items()))
    say(f"left out of the comparison: {compare.LEFT_OUT}")
    for finding in outcome.findings:
        print(finding, flush=True)
    said = f"{len(outcome.findings)} findings" if outcome.findings else "the same as the quiet run, and nothing is left"
    say(f"{len(outcome.dates)} days: {said} (seed {seed})")


class Clock:
    """Prints a line with the seconds since the beginning."""

    def __init__(self) -> None:
        self.begun = time.monotonic()

    def __call__(self, text: str) -> None:
        print(f"{time.monotonic() - self.begun:7.1f}  {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
