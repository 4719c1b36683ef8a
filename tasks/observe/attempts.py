"""The run ledger: every attempt of a step, kept as it starts and as it ends, and folded into ``runs``.

An attempt is a JSON line in a spool file of its process, written by Luigi's events: a step does not know
of it. When the command ends, a job folds what is complete into the table; what a killed command left is
folded by the next one, as killed. Nothing here fails a day.
"""

import atexit
import datetime
import functools
import json
import logging
import os
import resource
import socket
import time
from collections.abc import Callable, Mapping

import luigi
from luigi.event import Event

from conf.settings import Settings, as_flags
from conf.stopping import stoppable
from lake.layout import spool_folder
from tasks.base import DatedTask
from tasks.observe.console import message
from tasks.observe.side_job import complaint
from tasks.run import usage
from tasks.run.luigi_settings import settings

log = logging.getLogger("moovitamix.ledger")

PATIENCE = 600  # seconds for the job that folds; it takes a few


def _never_fails(function: Callable) -> Callable:
    @functools.wraps(function)
    def tried(*args: object) -> None:
        try:
            function(*args)
        except OSError as error:
            log.warning("the run ledger could not be written: %s", error)

    return tried


class Ledger:
    """The attempts of this command. Steps may run in processes forked from it."""

    def __init__(self) -> None:
        self.command = os.getpid()
        self.name = spool_name()
        self.begun: dict[str, tuple[float, resource.struct_rusage]] = {}
        self.roots: set[str] = set()

    def discovered(self, task: luigi.Task, dependency: luigi.Task) -> None:
        """Where several workers run the steps, this process hears of their lakes in no other way."""
        self.roots |= {step.root for step in (task, dependency) if isinstance(step, DatedTask)}

    @_never_fails
    def start(self, task: luigi.Task) -> None:
        if not isinstance(task, DatedTask):
            return
        self.begun.setdefault(task.task_id, (time.monotonic(), usage.own()))
        self._write(
            task, "started", started_at=datetime.datetime.now(datetime.UTC).isoformat(), host=socket.gethostname()
        )

    @_never_fails
    def success(self, task: luigi.Task) -> None:
        if isinstance(task, DatedTask):
            self._end(task, "done", **task.figures)

    @_never_fails
    def failure(self, task: luigi.Task, error: BaseException) -> None:
        if isinstance(task, DatedTask):
            self._end(task, "failed", **{**task.figures, "error": message(error)})

    def _end(self, task: DatedTask, status: str, **figures: object) -> None:
        """What the step's own processes used stands in its figures; of one that has none it is this process' share."""
        now, used = time.monotonic(), usage.own()
        began, before = self.begun.pop(task.task_id, (now, used))
        self._write(task, status, **{**usage.since(used, before), **figures, "seconds": round(now - began, 3)})

    def _write(self, task: DatedTask, status: str, **values: object) -> None:
        line = {
            "date": str(task.date),
            "task": task.task_family,
            "status": status,
            **values,
        }
        spool(task.root, self.name, line)
        self.roots.add(task.root)

    def fold(self) -> None:
        """Fold the spool into the table, where this process is the command and has something to fold."""
        if os.getpid() != self.command:
            return
        for root in self.roots:
            if (spool_folder(root) / self.name).exists():
                fold(root, settings())


def spool_name() -> str:
    """Of a file of this process alone."""
    return f"{time.time_ns()}-{os.getpid()}.jsonl"


def spool(root: str, name: str, *lines: Mapping[str, object]) -> None:
    """Put lines into a file of the lake's spool."""
    folder = spool_folder(root)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("a") as file:
        file.writelines(json.dumps(line, default=str) + "\n" for line in lines)


def fold(root: str, chosen: Settings) -> None:
    """Fold the spool of a lake into its table, by a job; where that fails a warning says so."""
    words = ["ledger", *as_flags(chosen, "evaluate", "retrain", "health"), f"--lake-root={root}"]
    said = complaint(words, PATIENCE, late=f"the job did not end within {PATIENCE} s")
    if said is not None:
        log.warning("the run ledger was not folded: %s", (said or ["no message"])[-1])


def listen() -> Ledger:
    """Keep every attempt from now on."""
    ledger = Ledger()
    events = {
        Event.DEPENDENCY_DISCOVERED: ledger.discovered,
        Event.START: ledger.start,
        Event.SUCCESS: ledger.success,
        Event.FAILURE: ledger.failure,
    }
    for event, handler in events.items():
        luigi.Task.event_handler(event)(handler)
    atexit.register(stoppable()(ledger.fold))
    return ledger
