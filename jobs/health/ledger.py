"""Move the attempts of finished commands into ``runs``.

Needs no Spark.

An attempt that started and did not end, of a process that is gone, was killed. Where a step of a date failed or was
killed, the date's health is recorded, and where the date is not complete its report is written: ``HealthReport``
stands at the end of a day and cannot tell of one that did not get there. Such a report does not make it complete.
"""

import argparse
import dataclasses
import datetime
import logging
import os
import pathlib

from conf.command_line import Parser
from jobs.health import spool
from jobs.health.monitoring.record import record
from jobs.health.monitoring.step_figures import MAIL
from jobs.runtime.command import Figures, Job, parser, run
from jobs.runtime.spark_events import EventLogs
from lake.access import Lake

log = logging.getLogger("jobs")


def main(job: Job) -> Figures:
    lake = job.lake()
    caller = f"-{os.getppid()}"  # the command that ends and asks for this
    logs = EventLogs()
    rows = [
        row
        for path in spool.spools(lake.root)
        if path.stem.endswith(caller) or not spool.being_written(path)
        for row in fold(lake, path, logs)
    ]
    logs.remove()
    for date in unfinished(rows):
        tell(job, date)
    return {"rows_out": len(rows)}


def fold(lake: Lake, path: pathlib.Path, logs: EventLogs) -> list[spool.Attempt]:
    """Append a spool's attempts, once, and remove it."""
    rows = spool.read(path, logs)
    lake.append_rows(rows, "runs", f"runs/{path.stem}")
    path.unlink(missing_ok=True)
    return rows


def unfinished(rows: list[spool.Attempt]) -> list[datetime.date]:
    """The dates of which a step failed or was killed."""
    return sorted({row["date"] for row in rows if row["status"] != "done" and row["task"] != MAIL})


def tell(job: Job, date: datetime.date) -> None:
    """Record the health of a date that went wrong and, where it is not complete, write its report."""
    health = record(job.lake(), date, job.settings)
    if health.figures.get(("day_complete", "")):
        return  # its own report has told it
    try:
        from jobs.health import report  # what draws takes longer to import than folding takes

        args = argparse.Namespace(**{**vars(job.args), "revision": None})
        report.main(dataclasses.replace(job, date=date, args=args))
    except Exception:  # the attempts are folded and the findings are written
        log.exception("the report of %s could not be written", date)


def arguments() -> Parser:
    return parser(__doc__, "lake", "evaluate", "retrain", "health")


if __name__ == "__main__":
    run(main, arguments())
