"""What every task has in common: its date, where its output is, the job that makes it."""

import datetime
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
from typing import Any

import luigi
from luigi.contrib.spark import SparkSubmitTask

from conf import days
from conf.checkout import CODE, DEPLOY
from conf.command_line import folder_to_make, whole
from conf.environment import cleaned
from conf.errors import BadSetting, Refused
from conf.program import require_java
from conf.settings import Settings, as_flags
from conf.stopping import end
from lake import commits, layout, storage
from lake.storage import absolute
from tasks.observe import job_output
from tasks.run import event_log, jars, jvm, usage
from tasks.run.luigi_settings import settings
from tasks.run.processes import bound

STOP_PATIENCE = 5  # seconds for a job that is asked to stop
LOOPBACK = {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}


def spark_environment() -> dict[str, str]:
    """The environment of what starts Spark: this Python, for the workers too where no other is set for them."""
    spark = settings().spark
    python = spark.properties.get("spark.pyspark.python", sys.executable)
    return {**cleaned(os.environ, cluster=not spark.master.startswith("local")), "PYSPARK_PYTHON": python}


class DayParameter(luigi.DateParameter):
    """A day (UTC) that has begun."""

    def parse(self, s: str) -> datetime.date:
        return days.day(s)

    def normalize(self, value: Any) -> Any:
        return days.begun(value) if isinstance(value, datetime.date) else value


class RevisionParameter(luigi.IntParameter):
    """A whole number of at least 1."""

    def parse(self, s: str) -> int:
        return whole("--revision", 1)(s)


class OptionalDayParameter(DayParameter):
    """A day, or none where nothing is given."""

    def parse(self, s: str) -> datetime.date | None:
        return super().parse(s) if s else None

    def serialize(self, dt: datetime.date | None) -> str:
        return super().serialize(dt) if dt else ""


class DatedTask(luigi.Task):
    """A step of a date's run. ``figures`` are what it has to say of what it did, once it has run."""

    date = DayParameter(default=days.yesterday(), description="the day to run, UTC (default: the last whole day)")
    snapshot_date = OptionalDayParameter(
        default=None, significant=False, description="use this date's raw folders in place of the date's own"
    )
    accept_volume_change = luigi.BoolParameter(
        significant=False,
        description="take a snapshot although it is empty or much smaller than those of the days before",
    )
    revision = RevisionParameter(
        default=1,
        significant=False,
        description="recompute the date from the raw folders that it has; a number above that of the last time",
    )
    force_train = luigi.BoolParameter(
        significant=False, description="train a challenger although no rule calls for it; recorded as the reason"
    )
    no_promote = luigi.BoolParameter(
        significant=False, description="train and compare where it is decided, but leave the champion in production"
    )
    figures: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        settings()  # refuses wrong values before anything runs
        if not storage.is_url(self.root):
            folder_to_make(self.root)
        if self.revision < 1:
            raise BadSetting(f"--revision: found {self.revision}, allowed is a whole number of at least 1")
        if self.revision > 1 and self.partial:
            raise BadSetting(f"--revision: {self.date} is not over, and is made again by itself when it is")
        self.figures = {}

    @property
    def settings(self) -> Settings:
        return settings()

    @property
    def root(self) -> str:
        return absolute(self.settings.lake.root)

    @property
    def day_log(self) -> pathlib.Path:
        """What all steps of the date say."""
        return layout.day_log(self.root, self.date, self.settings.logs.format)

    @property
    def partial(self) -> bool:
        """Whether the date is not over: what is made now is made again when it is."""
        return self.date >= days.today()

    @property
    def version(self) -> int:
        """The version its markers carry; that of a partial day gives way to the whole one's."""
        return 0 if self.partial else self.revision

    @property
    def snapshot(self) -> datetime.date:
        """The date whose raw folders are used: the one asked for, else the one used before, else its own."""
        return self.snapshot_date or commits.snapshot_date(self.root, self.date) or self.date


class MarkerTarget(luigi.Target):
    """A task's part of a table for a date, there when the commit that finished it is."""

    def __init__(self, task: DatedTask, table: str) -> None:
        self.task, self.table = task, table

    def exists(self) -> bool:
        return commits.committed(self.task.root, self.table, self.task.task_family, self.task.date, self.task.version)


class JobTask(DatedTask, SparkSubmitTask):
    """A step that a job of ``jobs/`` does.

    With ``[spark] remote`` the job is a client of that server; without it spark-submit starts the job on
    ``[spark] master``. A job that needs no Spark is a plain process either way.
    """

    job: str  # module in jobs/
    table: str  # the table whose commit finishes the step
    sections: tuple[str, ...]  # of the settings that the job takes
    needs_spark = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.submits:
            require_java()

    def output(self) -> luigi.Target:
        return MarkerTarget(self, self.table)

    @property
    def name(self) -> str:
        return f"{self.task_family} {self.date}"

    @property
    def app(self) -> str:
        return str(CODE / "jobs" / "__main__.py")

    @property
    def master(self) -> str:
        return self.settings.spark.master

    @property
    def conf(self) -> dict[str, str]:
        """A JVM for the size of the data. On one machine nothing listens beyond it; a cluster must find the driver."""
        history = jvm.history_rows(self.root, self.snapshot)
        options = {**jvm.options(history), **storage.spark_properties(self.root)}
        if self.master.startswith("local"):  # whoever runs a cluster says where events are logged
            options |= {**LOOPBACK, **event_log.options(layout.spool_folder(self.root))}
        return {**options, **self.settings.spark.properties}

    @property
    def pyspark_driver_python(self) -> str:
        """The job's own process: this Python, whichever the workers have."""
        return sys.executable

    @property
    def properties_file(self) -> str:
        return str(DEPLOY / "spark" / "spark-defaults.conf")

    @property
    def spark_submit(self) -> str:
        beside_python = pathlib.Path(sys.executable).with_name("spark-submit")
        return str(beside_python) if beside_python.exists() else super().spark_submit

    def app_options(self) -> list[str]:
        options = [
            self.job,
            f"--date={self.date}",
            f"--revision={self.version}",
            *as_flags(self.settings, *self.sections),
        ]
        return [*options, *self.job_options()]

    def job_options(self) -> list[str]:
        """What the job wants to know besides."""
        return []

    @property
    def submits(self) -> bool:
        """Whether spark-submit starts the job."""
        return self.needs_spark and not self.settings.spark.remote

    def program_args(self) -> list[str]:
        if self.submits:
            return super().program_args()
        return [sys.executable, *self.app_command()]

    def program_environment(self) -> dict[str, str]:
        return spark_environment()

    def run(self) -> None:
        if self.submits:
            jars.require_delta(self.settings.spark.properties)
            if self.master.startswith("local"):  # a cluster logs its events where it is told to
                event_log.make(layout.spool_folder(self.root))
        with tempfile.TemporaryDirectory() as folder:
            result = pathlib.Path(folder) / "result.json"
            self._execute([*self.program_args(), f"--result={result}"])
            # What the job says of itself is of its own process alone.
            self.figures = {**json.loads(result.read_text()), **self.figures}

    def _execute(self, command: list[str]) -> None:
        """Run the command; its output goes to the step's log, what it used to ``figures``.

        Raises:
            Refused: it failed; the message is the cause, in one line, and where the log lies.
        """
        log = layout.log_file(self.root, self.date, self.task_family)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            begin = output.tell()
            process = subprocess.Popen(
                bound(command),  # a job whose Luigi was killed would go on beside the run that comes next
                env=self.program_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
            with job_output.following(self, log, begin):
                try:
                    code, self.figures = usage.wait(process)
                except BaseException:
                    end(process, STOP_PATIENCE)
                    raise
        if code:
            with log.open("rb") as written:
                written.seek(begin)
                raise Refused(f"{cause(written.read().decode(errors='replace'), code)} (log: {log})")


def cause(output: str, code: int) -> str:
    """The line of a failed job's output that says why: its own refusal, or the error that ended it."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    refusals = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    if refusals:
        return refusals[-1]
    if code < 0:  # what it said last is not why
        return f"killed by {signal.Signals(-code).name}" + (f" after: {lines[-1][:400]}" if lines else "")
    errors = [
        line
        for line in lines
        if line.split(":")[0].split(".")[-1].endswith(("Error", "Exception")) and " " not in line.split(":")[0]
    ]
    told = [line for line in errors if ": " in line]  # the server's stack repeats the error's class alone
    return (told or errors or lines or [f"ended with code {code} and said nothing"])[-1][:500]
