"""A step's job while it runs: its lines go to the day's log, and how far it is to Luigi's scheduler.

The job writes its log by itself and this only reads along, so that nothing is lost when this process dies.
"""

import contextlib
import logging
import pathlib
import re
import threading
from collections.abc import Iterator

import luigi

from tasks.observe.logs import StepLog

log = logging.getLogger("moovitamix.progress")

PAUSE = 0.5  # seconds between two looks
PATIENCE = 2.0  # seconds that a step which has ended waits for a scheduler that does not answer
SAID = re.compile(r"(?:\d{4}-\d\d-\d\d \S+ )?progress: (\d{1,3}) (.+)")


def percent(line: str) -> tuple[int, str] | None:
    """What a line of a job's log says of its progress: percent and text; nothing for other lines.

    >>> percent("2024-03-02 01:00:00,000 progress: 40 solving users, iteration 4 of 10")
    (40, 'solving users, iteration 4 of 10')
    """
    found = SAID.fullmatch(line)
    return (min(int(found[1]), 100), found[2]) if found else None


@contextlib.contextmanager
def following(task: luigi.Task, file: pathlib.Path, begin: int) -> Iterator[None]:
    """Read along in ``file`` from ``begin`` while the job runs."""
    follower = Follower(task, file, begin)
    follower.start()
    try:
        yield
    finally:
        follower.ended.set()
        follower.join(PATIENCE)


class Follower(threading.Thread):
    def __init__(self, task: luigi.Task, file: pathlib.Path, begin: int) -> None:
        super().__init__(name=f"follow {task.task_family}", daemon=True)
        self.task, self.file, self.at = task, file, begin
        self.step = StepLog.of(task)
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(PAUSE):
            self._look()
        self._look(last=True)

    def _look(self, last: bool = False) -> None:
        lines = self._lines(last)
        if lines and self.step:
            self.step.write(lines)
        told = [said for said in map(percent, lines) if said]
        if told:
            tell(self.task, *told[-1], f"log: {self.file}")

    def _lines(self, last: bool) -> list[str]:
        """The lines that are whole; at the end also one that is not."""
        with contextlib.suppress(OSError), self.file.open("rb") as file:
            file.seek(self.at)
            new = file.read()
            whole = new if last else new[: new.rfind(b"\n") + 1]
            self.at += len(whole)
            return whole.decode(errors="replace").splitlines()
        return []


def tell(task: luigi.Task, share: int, *lines: str) -> None:
    """Percent and message for the scheduler. That it does not answer is no matter for the step."""
    try:
        for setter, value in (("set_progress_percentage", share), ("set_status_message", plain("\n".join(lines)))):
            report = getattr(task, setter, None)  # there while Luigi runs the task
            if report:
                report(value)
    except Exception as error:
        log.info("progress was not told: %s", type(error).__name__)


def plain(text: str) -> str:
    """The text without what the visualiser would take for HTML: it shows messages unescaped."""
    return re.sub("[<>&]", " ", text)
