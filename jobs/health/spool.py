"""The run ledger's spool: JSON lines of attempts as they start and end, a file for each command."""

import datetime
import json
import logging
import os
import pathlib
from typing import Any

from conf.tables_of_runs import RUNS
from jobs.runtime.spark_events import EventLogs
from lake.layout import spool_folder

log = logging.getLogger("jobs")

Attempt = dict[str, Any]  # a row of ``runs``, and ``spark``: where Spark logged what it did


def spools(root: str) -> list[pathlib.Path]:
    """The files, oldest first; a name is ``<time_ns>-<pid>``."""
    return sorted(spool_folder(root).glob("*.jsonl"))


def being_written(spool: pathlib.Path) -> bool:
    """Whether the command that writes it is still there."""
    begun, _, pid = spool.stem.rpartition("-")
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    # Numbers come again, in a container soon: a process that is younger than the file did not write it.
    return started(int(pid)) <= int(begun) / 1e9 + 1


def started(pid: int) -> float:
    """When a process began, in seconds since 1970; 0 where the system does not say."""
    try:
        ticks = int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
        uptime = float(pathlib.Path("/proc/uptime").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 0.0
    age = uptime - ticks / os.sysconf("SC_CLK_TCK")
    return datetime.datetime.now().timestamp() - age


def attempts(lines: str) -> list[Attempt]:
    """Rows of ``runs`` from JSON lines, in the order in which they were written.

    A start opens an attempt and an end closes it: one without an end has status ``killed``. A second start of one
    that is open goes on with it: that is how Luigi comes back to a step that waited for others.
    """
    found: list[Attempt] = []
    latest: dict[tuple[str, str], Attempt] = {}
    for line in lines.splitlines():
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:
            continue  # the last line of a command that was killed as it wrote
        step = (entry["date"], entry["task"])
        before = latest.get(step, {"status": "none", "attempt": 0})
        if entry["status"] != "started":
            before.update(entry)
        elif before["status"] != "killed":
            latest[step] = {**entry, "status": "killed", "attempt": before["attempt"] + 1}
            found.append(latest[step])
    return [row(attempt) for attempt in found]


def row(attempt: Attempt) -> Attempt:
    kept = {name: attempt.get(name) for name in RUNS.names} | {"spark": attempt.get("spark") or []}
    kept["date"] = datetime.date.fromisoformat(attempt["date"])
    if attempt.get("started_at"):
        kept["started_at"] = datetime.datetime.fromisoformat(attempt["started_at"])
    return kept


def read(spool: pathlib.Path, logs: EventLogs) -> list[Attempt]:
    """The attempts in a file, with what Spark says of them."""
    try:
        found = attempts(spool.read_text())
    except FileNotFoundError:  # folded just now, by another command
        return []
    return [attempt | measured(attempt, logs) for attempt in found]


def measured(attempt: Attempt, logs: EventLogs) -> Attempt:
    try:
        return dict(logs.totals(attempt["spark"]))
    except Exception:  # of figures that a day does not depend on
        log.exception("what Spark did for %s could not be read", attempt["task"])
        return {}


def of_date(root: str, date: datetime.date) -> list[Attempt]:
    """The attempts of a date that are not folded yet. What a living command has begun is under way, not killed."""
    found, logs = [], EventLogs()
    for spool in spools(root):
        living = being_written(spool)
        rows = [attempt for attempt in read(spool, logs) if attempt["date"] == date]
        found += [attempt for attempt in rows if not (living and attempt["status"] == "killed")]
    return found
