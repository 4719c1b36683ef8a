"""Figures of a date's steps, from their attempts."""

import datetime
from collections import Counter
from collections.abc import Iterable

from jobs.health import spool
from jobs.health.monitoring.series import DayFigures, Key
from jobs.health.spool import Attempt
from lake import failing
from lake.access import Lake
from lake.failing import MAIL

WRAPPERS = {"Day", "DailyPipeline"}  # they do nothing themselves
WAITS = "RetrainIfNeeded"  # for a training, where there is one: what it takes is not its own
MEASURED = {  # figure: column of ``runs`` and what one of it is in the figure's unit
    "step_duration": ("seconds", 1.0),
    "step_cpu": ("cpu_seconds", 1.0),
    "step_memory": ("max_rss_mb", 2.0**20),
    "step_read": ("read_mb", 2.0**20),
    "step_written": ("written_mb", 2.0**20),
    "step_rows": ("rows_out", 1.0),
    "spark_task_time": ("spark_task_seconds", 1.0),
    "spark_shuffle": ("shuffle_mb", 2.0**20),
    "spark_spill": ("spill_mb", 2.0**20),
}


def of_date(lake: Lake, date: datetime.date) -> DayFigures:
    """The steps' figures, and the mails of the date and the day before that failed."""
    of_mail = [
        row for day in (date - datetime.timedelta(days=1), date) for row in made(lake, day) if row["task"] == MAIL
    ]
    failures = float(sum(row["status"] != "done" for row in of_mail))
    return figures(of_steps(made(lake, date))) | {("mail_failures", ""): failures}


def made(lake: Lake, date: datetime.date) -> list[Attempt]:
    """The attempts of a date, from ``runs`` and from what is not folded yet."""
    return lake.rows("runs", [("date", "=", date)]) + spool.of_date(lake.root, date)


def of_steps(attempts: Iterable[Attempt]) -> list[Attempt]:
    return [attempt for attempt in attempts if attempt["task"] not in {MAIL, *WRAPPERS}]


def causes(lake: Lake, date: datetime.date) -> dict[Key, str]:
    """Why a step, or a mail, failed last: the error in one line."""
    known = made(lake, date)
    failures = [each for each in known if each["status"] == "failed" and each["error"]]
    tried = known + failing.attempts(lake) if failures else []
    found: dict[Key, str] = {}
    for attempt in sorted(failures, key=_begun):
        mail = attempt["task"] == MAIL
        found[("mail_failures", "") if mail else ("steps_failed", attempt["task"])] = told(tried, attempt)
    return found


def told(tried: Iterable[Attempt], failure: Attempt) -> str:
    """The error, and where it is the same night after night, that."""
    again = failing.again(tried, failure)
    return f"{failure['error']} ({again})" if again else failure["error"]


def figures(attempts: Iterable[Attempt]) -> DayFigures:
    """By task: failed, killed and further attempts, and what the last one that was done took; and of the day."""
    found: DayFigures = {}
    by_task: dict[str, list[Attempt]] = {}
    for attempt in sorted(attempts, key=_begun):
        by_task.setdefault(attempt["task"], []).append(attempt)
    done = 0
    for task, tries in by_task.items():
        counts = Counter(attempt["status"] for attempt in tries)
        found["steps_failed", task] = float(counts["failed"])
        found["steps_killed", task] = float(counts["killed"])
        found["step_restarts", task] = float(len(tries) - 1)
        done += tries[-1]["status"] == "done"
        finished = [attempt for attempt in tries if attempt["status"] == "done"]
        for metric, (column, unit) in MEASURED.items():
            if task != WAITS and finished and finished[-1].get(column) is not None:
                found[metric, task] = finished[-1][column] * unit
    if by_task:
        found["step_success_share", ""] = done / len(by_task)
        found["day_duration", ""] = under_way(attempt for tries in by_task.values() for attempt in tries)
    return found


def under_way(attempts: Iterable[Attempt]) -> float:
    """Seconds in which at least one of the attempts was under way: pauses between two commands do not count."""
    spans = sorted(
        (_begun(attempt).timestamp(), _begun(attempt).timestamp() + attempt["seconds"])
        for attempt in attempts
        if attempt["seconds"] is not None and attempt["started_at"] is not None
    )
    total = 0.0
    until = float("-inf")
    for begin, end in spans:
        total += max(0.0, end - max(begin, until))
        until = max(until, end)
    return total


def _begun(attempt: Attempt) -> datetime.datetime:
    return attempt["started_at"] or datetime.datetime.min.replace(tzinfo=datetime.UTC)
