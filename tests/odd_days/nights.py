"""One night after another: what is served, the nightly command, and what it left beside the rules."""

import contextlib
import dataclasses
import datetime
import json
import os
import pathlib
import random
import subprocess
import sys
import time
from collections.abc import Iterator

from conf.checkout import ROOT
from lake import commits
from lake.layout import MANIFEST, raw_folder
from tasks.run.spark_server import running
from tests.odd_days import compare, generator
from tests.odd_days.generator import DAY, ENTITIES, Day
from tests.odd_days.oracle import Oracle
from tests.odd_days.server import Api, serving
from tests.ports import free_port

HUNG = 600  # seconds after which a night is ended, and that is a finding
STUCK = 3  # nights in a row that may end with a code that nothing explains
FAILED = 30  # Luigi's code for a step that failed
# A day is to be quick: it is not the model that is tried.
FLAGS = ("--als-tune=never", "--als-rank=8", "--als-iterations=3", "--evaluate-min-users=5", "--spark-master=local[2]")


@dataclasses.dataclass(frozen=True)
class House:
    folder: pathlib.Path
    api: Api
    port: int  # of the Connect server

    @property
    def lake(self) -> pathlib.Path:
        return self.folder / "lake"

    def night(self, today: datetime.date, zone: str) -> tuple[int, str]:
        """The nightly command from an environment like cron's: its code, and what it said."""
        command = [sys.executable, "-m", "tests.odd_days.nightly_of", str(today)]
        command += [f"--lake-root={self.lake}", f"--api-base-url={self.api.url}", f"--api-timezone={zone}", *FLAGS]
        command += [f"--registry-uri=sqlite:///{self.folder / 'mlflow.db'}", f"--daily-spark-port={self.port}"]
        return self._said(command)

    def check(self) -> tuple[int, str]:
        """``moovitamix check`` of the lake."""
        command = [sys.executable, "-m", "jobs", "check", f"--lake-root={self.lake}"]
        return self._said([*command, f"--spark-remote=sc://127.0.0.1:{self.port}"])

    def _said(self, command: list[str]) -> tuple[int, str]:
        bare = {name: os.environ[name] for name in ("HOME", "PATH", "JAVA_HOME", "TMPDIR") if name in os.environ}
        try:
            done = subprocess.run(
                command, cwd=ROOT, env=bare, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=HUNG
            )
        except subprocess.TimeoutExpired:
            return -1, f"was not done in {HUNG} s"
        return done.returncode, (done.stdout + done.stderr).strip()


@contextlib.contextmanager
def house(folder: pathlib.Path) -> Iterator[House]:
    port = free_port()
    with serving() as api, running(port, folder / "spark.log", "local[2]"):
        yield House(folder, api, port)


@dataclasses.dataclass
class Outcome:
    findings: list[str] = dataclasses.field(default_factory=list)
    by_kind: dict[str, tuple[int, float, int]] = dataclasses.field(default_factory=dict)  # days, seconds, findings
    counts: dict[str, int] = dataclasses.field(default_factory=dict)

    def add(self, kind: str, seconds: float, findings: list[str]) -> None:
        days, before, found = self.by_kind.get(kind, (0, 0.0, 0))
        self.by_kind[kind] = days + 1, before + seconds, found + len(findings)
        self.findings += findings


class Nights:
    def __init__(self, house: House, seed: int, count: int, compared: int) -> None:
        self.house, self.outcome = house, Outcome()
        self.zone, self.days = generator.days(seed, count)
        self.served = {day.date: day.served for day in self.days}
        whole = [day.date for day in self.days if day.night == "runs"]
        self.compared = set(random.Random(seed).sample(whole, min(compared, len(whole))))
        self.oracle, self.differences = Oracle(self.zone), compare.Differences()
        self.waiting: list[datetime.date] = []  # days that are due and not complete
        self.failed = 0  # nights in a row that failed for no good reason

    def run(self) -> Outcome:
        begun = time.monotonic()
        for place, day in enumerate(self.days, 1):
            night = time.monotonic()
            found = self._night(day)
            seconds = time.monotonic() - night
            self.outcome.add(day.kind, seconds, found)
            compared = ", compared" if day.date in self.compared else ""
            said = f"{len(found)} findings: {found[0][:160]}" if found else "as it should be" + compared
            odd = f" ({', '.join(day.odd)})" if day.odd else ""
            passed = time.monotonic() - begun
            print(
                f"{passed:7.1f}  {place:>2}/{len(self.days)} {day.date} {day.kind}{odd}: {seconds:.0f} s, {said}",
                flush=True,
            )
            if self.failed >= STUCK:
                self.outcome.findings.append(f"{STUCK} nights in a row failed; the days after {day.date} were not run")
                break
        self._end()
        return self.outcome

    def _night(self, day: Day) -> list[str]:
        self.waiting.append(day.date)
        if day.night == "none":
            return []
        self.house.api.served = day.served
        code, said = self.house.night(day.date + DAY, self.zone)
        return [f"{day.date}, {day.kind}: {line}" for line in self._held(day, code, said)]

    def _held(self, day: Day, code: int, said: str) -> list[str]:
        """What is wrong after a night."""
        if day.night == "refused":
            return (
                []
                if code == FAILED
                else [f"code {code} where {FAILED} is right, for what is served is refused: {said[-300:]}"]
            )
        if code:
            self.failed += 1
            return [f"the nightly run ended with code {code}: {said[-300:]}", *self._causes(day)]
        self.failed = 0
        lines = self._complete(day.date, said)
        self._settle(day.date)
        if day.kind == generator.CLOCK_BACK:
            lines += self._called_again(day.date)
        if day.date in self.compared:
            lines += self.differences.news(compare.found_in(self.house.lake), self.oracle.tables())
            lines += compare.lists(self.house.lake, self.oracle, day.date)
        return lines

    def _complete(self, last: datetime.date, said: str) -> list[str]:
        """Each day that was due says that it is complete, and Luigi finds nothing left of it."""
        if not self.oracle.served:  # an empty lake begins with the last whole day
            self.waiting = [last]
        return [
            f"{date} is not said to be complete: {said[-300:]}"
            for date in self.waiting
            if f"{date} is complete" not in said
        ]

    def _called_again(self, today: datetime.date) -> list[str]:
        """On a clock that shows the day before there is nothing to do."""
        code, said = self.house.night(today, self.zone)
        return [] if code == 0 and "nothing to do" in said else [f"code {code} on the day before: {said[-300:]}"]

    def _settle(self, last: datetime.date) -> None:
        """The oracle takes in what was due: a day that was not fetched shares the last one's snapshot."""
        for date in self.waiting:
            used = date if (raw_folder(self.house.lake, "_day", date) / MANIFEST).exists() else last
            self.oracle.add(date, self.served[used], used, self._fetched(used))
        self.waiting = []

    def _fetched(self, date: datetime.date) -> dict[str, datetime.datetime]:
        manifests = {name: raw_folder(self.house.lake, name, date) / MANIFEST for name in ENTITIES}
        read = {name: json.loads(path.read_text())["fetched_at"] for name, path in manifests.items()}
        return {name: datetime.datetime.fromisoformat(text) for name, text in read.items()}

    def _causes(self, day: Day) -> list[str]:
        """The lines of the steps that failed."""
        log = self.house.lake / "logs" / f"daily-{day.date + DAY}.log"
        lines = log.read_text().splitlines() if log.exists() else []
        return [line.strip()[:400] for line in lines if "FAILED" in line]

    def _end(self) -> None:
        """Every day is complete, and ``check`` finds nothing."""
        complete = commits.committed_dates(
            str(self.house.lake), "recommendations", "Recommend", [*self.oracle.served], 1
        )
        left = {*self.oracle.served, *self.waiting} - set(complete)
        self.outcome.findings += [f"{date} is not complete at the end" for date in sorted(left)]
        code, said = self.house.check()
        broken = [line for line in said.splitlines() if line.startswith("BROKEN")] or [said[-300:]]
        self.outcome.findings += [f"check ended with code {code}: {line}" for line in broken] if code else []
        tables = self.oracle.tables()
        self.outcome.counts = {f"rows of {name}": tables[name].total() for name in compare.TABLES}
