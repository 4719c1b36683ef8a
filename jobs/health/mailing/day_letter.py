"""A date as its mail tells of it: how it ended, what needs attention, a few figures beside the day before's."""

import dataclasses
import datetime
import pathlib
from collections.abc import Iterable
from typing import Any

from conf.decisions import moment
from conf.figures import METRICS, shown_in
from jobs.health.mailing.letter import Letter
from jobs.health.monitoring import finding, series
from jobs.health.monitoring.finding import Finding
from jobs.health.monitoring.series import DayFigures, Key
from jobs.health.monitoring.units import figure
from jobs.health.monitoring.verdict import served, verdict
from lake.access import Lake
from lake.failing import again, attempts, unended
from lake.layout import day_log, log_file, report_file, report_revision


@dataclasses.dataclass(frozen=True)
class MailedDay:
    """``failing``: task and error of the steps whose last attempt did not end well.

    ``again`` says that one of them is the same night after night; empty where none is.
    """

    date: datetime.date
    revision: int  # of its report; -1 where there is none
    partial: bool
    failing: list[tuple[str, str]]
    findings: list[Finding]
    figures: DayFigures
    before: DayFigures
    decisions: list[dict[str, Any]]
    report: pathlib.Path | None
    again: str = ""

    @property
    def wrong(self) -> bool:
        return bool(self.failing or self.findings)

    @property
    def outcome(self) -> str:
        """What a mail about it is told apart by from an earlier one."""
        if self.failing:
            return f"failed {' '.join(task for task, _ in self.failing)}" + (" again" if self.again else "")
        return f"done {self.revision}"


def read(lake: Lake, date: datetime.date, partial: bool = False) -> MailedDay:
    """What the tables and the folder of reports have of a date; ``partial`` where it is not over.

    Of a date that did not come to its end the report is the one that the ledger wrote.
    """
    days = series.read(lake, date, days=2)
    left = last_unended(lake.rows("runs", [("date", "=", date)]))
    broken = failing(left)
    tried = attempts(lake) if left else []
    report, unfinished = report_file(lake.root, date, partial), report_file(lake.root, date, partial=True)
    latest = unfinished if broken and unfinished.exists() else report
    return MailedDay(
        date=date,
        revision=report_revision(report),
        partial=partial,
        failing=broken,
        findings=finding.read(lake, date),
        figures=series.on(days, date),
        before=series.on(days, date - datetime.timedelta(days=1)),
        decisions=sorted(lake.rows("decisions", [("date", "=", date)]), key=moment),
        report=latest if latest.exists() else None,
        again=next(filter(None, (again(tried, run) for run in left)), ""),
    )


def failing(runs: Iterable[dict[str, Any]]) -> list[tuple[str, str]]:
    """Task and error where the last attempt failed or was killed."""
    return [(run["task"], run["error"] or f"the attempt was {run['status']}") for run in last_unended(runs)]


def last_unended(runs: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The last attempts of their steps, where they failed or were killed."""
    last = {run["task"]: run for run in sorted(runs, key=lambda run: (run["started_at"], run["attempt"]))}
    return unended(last.values())


def letter(day: MailedDay, root: str, link: str = "") -> Letter:
    """The day's mail; ``link`` leads to the report where that is served."""
    values = {
        "date": str(day.date),
        "verdict": sentence(day),
        "failing": [
            {"task": task, "error": error, "command": f"less {step_log(root, day.date, task)}"}
            for task, error in day.failing
        ],
        "findings": [dataclasses.asdict(found) for found in day.findings],
        "figures": figures(day.figures, day.before),
        "decisions": decisions(day.decisions),
        "link": link,
    }
    return Letter(f"{day.date}: {subject(day)}", "mail", values, day.report)


def step_log(root: str, date: datetime.date, task: str) -> pathlib.Path:
    """The log of the step's job; of a step without one the day's."""
    logs = [log_file(root, date, task), day_log(root, date, "json"), day_log(root, date)]
    return next((log for log in logs if log.exists()), logs[-1])


def subject(day: MailedDay) -> str:
    if day.failing:
        return f"FAILED at {', '.join(task for task, _ in day.failing)}"
    critical = [found.headline for found in day.findings if found.severity == "critical"]
    if critical:
        return f"act now: {'; '.join(critical)}"
    return f"look at it today: {'; '.join(it.headline for it in day.findings)}" if day.findings else "all is well"


def sentence(day: MailedDay) -> str:
    """The verdict; where the day did not end, that comes first."""
    if not day.failing:
        return verdict(day.findings, day.figures, day.partial)
    task, error = day.failing[0]
    more = f" (and {len(day.failing) - 1} more)" if len(day.failing) > 1 else ""
    same = f" The cause is {day.again}." if day.again else ""
    return f"The day failed at {task}{more}: {error}.{same} So far {served(day.figures)}."


def keys(figures: Iterable[Key]) -> list[Key]:
    """Those that a mail shows, most important first, each for all of its labels; the report has the rest."""
    rank = {metric.name: metric.rank for metric in shown_in("mail")}
    return sorted((key for key in set(figures) if key[0] in rank), key=lambda key: (rank[key[0]], key[1]))


def title(key: Key) -> str:
    metric, label = key
    return f"{METRICS[metric].help}: {label}" if label else METRICS[metric].help


def figures(today: DayFigures, before: DayFigures) -> list[dict[str, str]]:
    """What a figure is, its value, and that of the day before."""
    return [
        {"title": title(key), "today": _figure(today, key), "before": _figure(before, key)}
        for key in keys([*today, *before])
    ]


def _figure(of: DayFigures, key: Key) -> str:
    return figure(key[0], of[key]) if key in of else "none"


def decisions(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [{name: str(row[name]) for name in ("date", "step", "decision", "reason")} for row in rows]
