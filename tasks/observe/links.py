"""What Luigi's visualiser shows of each step from its start: a link to the date's report, and where its log lies.

Luigi puts :class:`Linked` around every step (``[worker] task_process_context``): a task does not know of it.
"""

import logging
import pathlib

import luigi
from luigi.worker import TaskProcess

from lake.layout import log_file, report_file
from tasks.base import DatedTask, JobTask
from tasks.observe.job_output import plain

log = logging.getLogger("moovitamix.progress")


class Linked:
    def __init__(self, process: TaskProcess) -> None:
        self.task, self.reporter = process.task, process.status_reporter

    def __enter__(self) -> None:
        if not isinstance(self.task, DatedTask):
            return
        try:
            self.reporter.update_tracking_url(report_link(self.task))
            self.reporter.update_status_message(plain(f"log: {step_log(self.task)}"))
        except Exception as error:
            log.info("the link was not told: %s", type(error).__name__)

    def __exit__(self, *error: object) -> None: ...


def report_link(task: DatedTask) -> str:
    """Where ``[report] base_url`` serves the date's report, or its file."""
    file = report_file(task.root, task.date, task.partial)
    base = task.settings.report.base_url
    return f"{base.rstrip('/')}/{file.name}" if base else file.as_uri()


def step_log(task: DatedTask) -> pathlib.Path:
    """Of a step with a job the job's own log, else the day's."""
    if isinstance(task, JobTask):
        return log_file(task.root, task.date, task.task_family)
    return task.day_log


def listen() -> None:
    """Have Luigi put the links, where its configuration names nothing of its own."""
    config = luigi.configuration.get_config()
    if not config.has_option("worker", "task_process_context"):
        config.set("worker", "task_process_context", f"{__name__}.{Linked.__name__}")
