"""The steps of a date as rows of the report: one a step, with what its attempts took and how the last one ended. Pure."""

import dataclasses
import datetime
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from jobs.health.monitoring.step_figures import MAIL, WRAPPERS
from jobs.health.monitoring.units import duration, size
from lake.layout import log_file

MB = 2**20  # bytes; as the table ``runs`` counts them
TONES = {"done": "fine", "failed": "critical", "killed": "critical"}


@dataclasses.dataclass(frozen=True)
class StepRow:
    """Texts are empty where nothing is known."""

    task: str
    status: str  # of the last attempt: done, failed or killed
    attempts: int
    time: str
    cpu: str
    memory: str
    read: str
    written: str
    rows: str
    error: str
    log: str  # the command that shows its log, where it has one

    @property
    def tone(self) -> str:
        return TONES.get(self.status, "missing")

    @property
    def ended(self) -> str:
        return "was killed" if self.status == "killed" else self.status


def steps(attempts: Iterable[Mapping[str, Any]], root: str, date: datetime.date) -> list[StepRow]:
    """From rows of ``runs`` of a date; steps in the order in which their last attempt began."""
    by_task: dict[str, list[Mapping[str, Any]]] = {}
    for attempt in sorted(attempts, key=_began):
        if attempt["task"] not in WRAPPERS:
            by_task.setdefault(attempt["task"], []).append(attempt)
    ordered = sorted(by_task.items(), key=lambda item: _began(item[1][-1]))
    return [_step(task, theirs, root, date) for task, theirs in ordered]


def _began(attempt: Mapping[str, Any]) -> datetime.datetime:
    return attempt["started_at"] or datetime.datetime.min.replace(tzinfo=datetime.UTC)


def _step(task: str, attempts: list[Mapping[str, Any]], root: str, date: datetime.date) -> StepRow:
    last = attempts[-1]
    return StepRow(
        task=task,
        status=last["status"],
        attempts=len(attempts),
        time=_text(last, "seconds", duration),
        cpu=_text(last, "cpu_seconds", duration),
        memory=_text(last, "max_rss_mb", _megabytes),
        read=_text(last, "read_mb", _megabytes),
        written=_text(last, "written_mb", _megabytes),
        rows=_text(last, "rows_out", "{:,}".format),
        error=last["error"] or "",
        log=f"less {shlex.quote(str(log_file(root, date, task)))}" if _has_log(last) else "",
    )


def _has_log(attempt: Mapping[str, Any]) -> bool:
    """A job's error ends with where its log lies; a step without a job, such as a fetch, has said all in its error."""
    return attempt["status"] == "killed" or "(log: " in (attempt["error"] or "")


def _text(attempt: Mapping[str, Any], name: str, shown: Any) -> str:
    value = attempt.get(name)
    return "" if value is None else shown(value)


def _megabytes(count: float) -> str:
    return size(count * MB)


def failures(found: Iterable[StepRow]) -> list[StepRow]:
    """Those whose last attempt came to nothing: what they write is not there. The day does not wait for mail."""
    return [step for step in found if step.tone == "critical" and step.task != MAIL]
