"""Two steps of a day whose jobs are small programs, in place of those that start Spark: one that waits, one after it."""

import pathlib
import sys

import luigi

from tasks.base import JobTask

# It says that it is there, and waits until it is let go. A deaf one hears nothing but SIGKILL.
JOB = """
import os, pathlib, signal, sys, time
folder, step, kind, result = pathlib.Path(sys.argv[1]), *sys.argv[2:]
if kind == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
with open(folder / "begun", "a") as begun:
    begun.write(f"{step} {os.getpid()}\\n")
while not (folder / "go").exists():
    time.sleep(0.05)
(folder / step).touch()
pathlib.Path(result.removeprefix("--result=")).write_text("{}")
"""


class Waits(JobTask):
    folder = luigi.Parameter()
    kind = luigi.Parameter(default="")
    job, table, sections, needs_spark = "stand_in", "", ("lake",), False

    def program_args(self) -> list[str]:
        return [sys.executable, "-c", JOB, self.folder, self.task_family, self.kind]

    def complete(self) -> bool:
        return (pathlib.Path(self.folder) / self.task_family).exists()


class Beside(Waits):
    """With a second worker it is under way at the same time."""


class Follows(Waits):
    def requires(self) -> list[luigi.Task]:
        return [self.clone(Waits), self.clone(Beside)]
