"""The console while tasks run: one line a step, with its place among all, its time and its figures."""

import logging
import multiprocessing
import sys
import time

import luigi
from luigi.event import Event

from conf.errors import Refused

log = logging.getLogger("moovitamix")

STACK = "Traceback (most recent call last):"

# Figures of a step that are printed, in this order.
SHOWN = (
    "rows_in",
    "clean",
    "duplicate",
    "quarantined",
    "later",
    "pages",
    "users",
    "decision",
    "reason",
    "als",
    "popular",
    "rows_out",
)


class Console:
    """Counts steps as Luigi finds, starts and ends them."""

    def __init__(self) -> None:
        self.known: set[str] = set()
        self.begun: dict[str, float] = {}
        # Steps may run in processes forked from this one; they count together.
        self.ended = multiprocessing.Value("i", 0)

    def discovered(self, task: luigi.Task, dependency: luigi.Task) -> None:
        self.known |= {task.task_id, dependency.task_id}

    def present(self, task: luigi.Task) -> None:
        if task.task_id not in self.begun:
            self.known.discard(task.task_id)

    def start(self, task: luigi.Task) -> None:
        self.known.add(task.task_id)
        # A step that waited for others is started again from the top.
        self.begun.setdefault(task.task_id, time.monotonic())
        if sys.stderr.isatty():
            print(f"\r{self._head(task)} …", end="", file=sys.stderr, flush=True)

    def success(self, task: luigi.Task) -> None:
        self._line(task, describe(getattr(task, "figures", {})))
        with self.ended.get_lock():
            self.ended.value += 1

    def failure(self, task: luigi.Task, error: BaseException) -> None:
        """The cause, and where all of it lies."""
        file = getattr(task, "day_log", None)
        where = f" (log: {file})" if file and "(log: " not in message(error) else ""
        self._line(task, f"FAILED: {message(error)}{where}")

    def _head(self, task: luigi.Task) -> str:
        place = self.ended.value + 1
        total = max(len(self.known), place)
        return f"[{place:>{len(str(total))}}/{total}] {task.task_family:<18} {getattr(task, 'date', '')}"

    def _line(self, task: luigi.Task, text: str) -> None:
        seconds = time.monotonic() - self.begun.get(task.task_id, time.monotonic())
        lead = "\r" if sys.stderr.isatty() else ""
        print(f"{lead}{self._head(task)} {seconds:6.1f} s  {text}".rstrip(), file=sys.stderr, flush=True)


def describe(figures: dict) -> str:
    """Figures as text: ``rows in 3,000, clean 2,991``."""
    shown = [(name, figures[name]) for name in SHOWN if figures.get(name) not in (None, "", 0)]
    return ", ".join(
        f"{name.replace('_', ' ')} {value:,}" if isinstance(value, int) else str(value) for name, value in shown
    )


def message(error: BaseException) -> str:
    """The error in one line."""
    text = error.message if isinstance(error, Refused) else f"{type(error).__name__}: {error}"
    return " ".join(text.split())


def listen() -> None:
    """Print a line for each step, and leave Luigi's own log to warnings: the stack of a failure is no help at a terminal."""
    console = Console()
    events = {
        Event.DEPENDENCY_DISCOVERED: console.discovered,
        Event.DEPENDENCY_PRESENT: console.present,
        Event.START: console.start,
        Event.SUCCESS: console.success,
        Event.FAILURE: console.failure,
    }
    for event, handler in events.items():
        luigi.Task.event_handler(event)(handler)
    stream = logging.StreamHandler()
    stream.setFormatter(OneLine("%(message)s"))
    stream.setLevel(logging.WARNING)
    stream.addFilter(lambda record: not record.getMessage().startswith("[pid"))
    logging.getLogger().handlers = [stream]
    logging.getLogger().setLevel(logging.WARNING)


class OneLine(logging.Formatter):
    """A record without its stack; the error stands behind the message, also where Luigi has put the stack into it."""

    def format(self, record: logging.LogRecord) -> str:
        text, *more = record.getMessage().strip().splitlines() or [""]
        if record.exc_info and record.exc_info[1]:
            return f"{text}: {message(record.exc_info[1])}"
        return f"{text} {more[-1]}" if STACK in more else text
