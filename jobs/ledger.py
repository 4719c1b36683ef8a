"""Fold the attempts that finished commands have spooled into ``runs``. Needs no Spark.

An attempt that started and did not end, of a process that is gone, was killed.
"""

import datetime
import json
import os
import pathlib
from typing import Any

from conf.layout import spool_folder
from conf.tables import RUNS
from jobs.cli import Figures, Job, parser, run
from jobs.lake import Lake


def main(job: Job) -> Figures:
    lake = job.lake()
    caller = os.getppid()  # the command that ends and asks for this
    folded = 0
    for spool in sorted(spool_folder(lake.root).glob("*.jsonl")):
        writer = int(spool.stem.rpartition("-")[2])
        if writer == caller or not alive(writer):
            folded += fold(lake, spool)
    return {"rows_out": folded}


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def fold(lake: Lake, spool: pathlib.Path) -> int:
    """Append a spool's attempts, once, and remove it."""
    rows = attempts(spool.read_text())
    lake.append_rows(rows, "runs", f"runs/{spool.stem}")
    spool.unlink()
    return len(rows)


def attempts(lines: str) -> list[dict[str, Any]]:
    """Rows of ``runs`` from JSON lines, in the order in which they were written.

    A start opens an attempt and an end closes it. A second start of one that is open goes on with it: that
    is how Luigi comes back to a step that waited for others.
    """
    found: list[dict[str, Any]] = []
    latest: dict[tuple[str, str], dict[str, Any]] = {}
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


def row(attempt: dict[str, Any]) -> dict[str, Any]:
    kept = {name: attempt.get(name) for name in RUNS.names}
    kept["date"] = datetime.date.fromisoformat(attempt["date"])
    if attempt.get("started_at"):
        kept["started_at"] = datetime.datetime.fromisoformat(attempt["started_at"])
    return kept


if __name__ == "__main__":
    run(main, parser(__doc__ or "", "lake"))
