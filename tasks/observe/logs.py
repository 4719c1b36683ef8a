"""The day's log: what every step of a date did and said, a line each, in order of time.

A step's own output stays whole in a file of the step's (``lake/layout.py``); here its lines stand among those of
the others, as they came. Where a line cannot be written the day goes on without it.
"""

import contextlib
import dataclasses
import datetime
import json
import logging
import pathlib
import traceback
from collections.abc import Iterable
from typing import Any

import luigi
from luigi.event import Event

from conf.errors import Refused
from tasks.observe.console import describe, message


@dataclasses.dataclass(frozen=True)
class StepLog:
    """Where lines of a step go, and as what."""

    file: pathlib.Path
    date: datetime.date
    task: str
    format: str

    @classmethod
    def of(cls, task: Any) -> "StepLog | None":
        """Of a task without a date there is none."""
        if not hasattr(task, "day_log"):
            return None
        return cls(task.day_log, task.date, task.task_family, task.settings.logs.format)

    def write(self, lines: Iterable[str], level: str = "info") -> None:
        """Append the lines at once: several processes write the same file."""
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        text = "".join(self.line(now, line, level) for line in lines)
        with contextlib.suppress(OSError):
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with self.file.open("a", encoding="utf-8") as log:
                log.write(text)

    def line(self, now: str, said: str, level: str) -> str:
        if self.format == "json":
            values = {"time": now, "date": str(self.date), "task": self.task, "level": level, "message": said}
            return json.dumps(values, ensure_ascii=False) + "\n"
        return f"{now} {self.task} {said}\n"


class DayLog(logging.Handler):
    """Follows the step under way in this process, and takes what the project logs meanwhile."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.step: StepLog | None = None

    def start(self, task: luigi.Task) -> None:
        self.step = StepLog.of(task)
        self._write("begins")

    def success(self, task: luigi.Task) -> None:
        self._write(f"done: {describe(getattr(task, 'figures', {}))}".rstrip(": "))
        self.step = None

    def failure(self, task: luigi.Task, error: BaseException) -> None:
        """The cause in a line; the stack of what nobody foresaw follows it."""
        stack = [] if isinstance(error, Refused) else traceback.format_exception(error)
        self._write(f"FAILED: {message(error)}", *"".join(stack).splitlines(), level="error")
        self.step = None

    def emit(self, record: logging.LogRecord) -> None:
        self._write(record.getMessage(), level=record.levelname.lower())

    def _write(self, *lines: str, level: str = "info") -> None:
        if self.step:
            self.step.write(lines, level)


def listen() -> None:
    """Keep the log from now on."""
    log = DayLog()
    handlers = {Event.START: log.start, Event.SUCCESS: log.success, Event.FAILURE: log.failure}
    for event, handler in handlers.items():
        luigi.Task.event_handler(event)(handler)
    project = logging.getLogger("moovitamix")
    project.setLevel(logging.INFO)
    project.addHandler(log)
