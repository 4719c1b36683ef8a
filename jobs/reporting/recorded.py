"""What is recorded of a date and of the days before it: figures, findings, attempts. Read from the lake, without Spark."""

import dataclasses
import datetime
from typing import Any

from conf.layout import spool_folder
from jobs import ledger
from jobs.lake import Lake
from jobs.monitoring import finding, series
from jobs.monitoring.finding import Finding
from jobs.monitoring.series import Series
from jobs.reporting.panels import DAYS, Flags, Key


@dataclasses.dataclass(frozen=True)
class Recorded:
    series: Series
    findings: list[Finding]  # of the date, most pressing first
    flags: Flags  # severities of the last days
    attempts: list[dict[str, Any]]  # rows of ``runs``; one that has not ended is running or killed


def recorded(lake: Lake, date: datetime.date) -> Recorded:
    """What there is; a lake in which nothing is recorded yet has none of it."""
    attempts = [*lake.rows("runs", [("date", "=", date)]), *spooled(lake.root, date)]
    return Recorded(series.read(lake, date), finding.read(lake, date), flags(lake, date), attempts)


def flags(lake: Lake, date: datetime.date) -> Flags:
    since = date - datetime.timedelta(days=DAYS - 1)
    found: dict[Key, dict[datetime.date, str]] = {}
    names = ["date", "metric", "label", "severity"]
    for row in lake.rows("findings", [("date", ">=", since), ("date", "<=", date)], names):
        found.setdefault((row["metric"], row["label"]), {})[row["date"]] = row["severity"]
    return found


def spooled(root: str, date: datetime.date) -> list[dict[str, Any]]:
    """The attempts of commands that are not folded into ``runs`` yet, this one's among them."""
    found = []
    for spool in sorted(spool_folder(root).glob("*.jsonl")):
        going_on = ledger.alive(int(spool.stem.rpartition("-")[2]))
        for attempt in ledger.attempts(spool.read_text()):
            open_still = going_on and attempt["status"] == "killed"
            found.append({**attempt, "status": "running"} if open_still else attempt)
    return [attempt for attempt in found if attempt["date"] == date]
