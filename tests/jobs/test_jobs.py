"""Every job can be called by its name, also by the task that starts it."""

import pathlib

import tasks.daily  # noqa: F401 - which imports every task
from jobs.__main__ import JOBS
from tasks.base import JobTask

ROOT = pathlib.Path(__file__).parents[2]
MARK = 'if __name__ == "__main__":'
ELSEWHERE = {"jobs.__main__"}


def started() -> set[str]:
    """The modules of jobs that do something when they are run."""
    files = [file for file in (ROOT / "jobs").rglob("*.py") if MARK in file.read_text()]
    return {".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files} - ELSEWHERE


def tasks_of(cls: type) -> set[type]:
    return {cls}.union(*(tasks_of(child) for child in cls.__subclasses__()))


def test_every_module_that_is_a_job_has_a_name():
    assert started() == set(JOBS.values())


def test_every_task_names_a_job():
    named = {task.job for task in tasks_of(JobTask) if task.__module__.startswith("tasks.") and task is not JobTask}
    assert {"clean", "recommend", "maintain"} <= named
    assert named - JOBS.keys() - {""} == set()
