"""What every job has in common on the command line: the date, the settings, the figures it ends with."""

import argparse
import dataclasses
import datetime
import json
import logging
import os
import pathlib
import resource
import sys
import time
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING

from conf.errors import CODE, BadSetting, Refused, tell
from conf.settings import Settings, add_flags, from_flags
from jobs.runtime import spark_events
from lake.access import Lake

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from jobs.runtime.frames import SparkLake


log = logging.getLogger("jobs")

Figures = dict[str, object]


@dataclasses.dataclass(frozen=True)
class Job:
    """A date's work: what a job's ``main`` gets."""

    date: datetime.date
    settings: Settings
    args: argparse.Namespace
    sessions: "list[SparkSession]" = dataclasses.field(default_factory=list)
    events: list[dict[str, str]] = dataclasses.field(default_factory=list)  # where Spark logs what the sessions do

    def spark(self, name: str, rows: int = 0) -> "SparkSession":
        """A session for so many rows, stopped when the job ends. What needs none does not wait for the import."""
        from jobs.runtime.session import spark_session

        self.sessions.append(spark_session(self.settings, name, rows))
        self.events.extend(spark_events.whereabouts(self.sessions[-1]))
        return self.sessions[-1]

    def lake(self) -> Lake:
        """The tables, without Spark."""
        return Lake(self.settings.lake.root, self.args.revision)

    def frames(self, spark: "SparkSession") -> "SparkLake":
        """The tables as a session's frames."""
        from jobs.runtime.frames import SparkLake

        return SparkLake(self.settings.lake.root, spark, self.args.revision)


def parser(doc: str, *sections: str, today: bool = False) -> argparse.ArgumentParser:
    """``--date``, ``--result`` and a flag for every setting of the named sections; ``today`` is the date of default."""
    result = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    date = datetime.datetime.now(datetime.UTC).date() if today else None
    result.add_argument(
        "--date",
        required=not today,
        default=date,
        type=_date,
        metavar="YYYY-MM-DD",
        help="the day to work on" + " (default: today, UTC)" * today,
    )
    result.add_argument("--result", type=pathlib.Path, help="file that gets the job's figures as JSON")
    result.add_argument(
        "--revision",
        type=int,
        default=1,
        help="version of what is written; 0 is of a day that is not over (default: 1)",
    )
    add_flags(result, *sections)
    return result


def _date(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise BadSetting(f"--date: found {text!r}, required is a day as YYYY-MM-DD") from None


def settle(arguments: argparse.ArgumentParser) -> Job:
    """The job that the command line asks for.

    Raises:
        BadSetting: a value is not allowed.
    """
    args = arguments.parse_args()
    return Job(args.date, from_flags(args), args)


def run(main: Callable[[Job], Figures], arguments: argparse.ArgumentParser) -> None:
    """Parse, do the job, write its figures and end the process.

    A :class:`~conf.errors.Refused` ends it with code 1 and one line.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("py4j").setLevel(logging.WARNING)
    # PySpark logs every server error with its query context; the one who raised it says it better.
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    code = 0
    try:
        finish(settle(arguments), main)
    except Refused as refusal:
        tell(refusal)
        code = CODE
    except Exception:
        traceback.print_exc()
        code = 1
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads of deltalake and pyarrow now and then abort a process as the interpreter goes down (exit code
    # 134 after the work is done and committed): it ends here instead.
    os._exit(code)


def finish(job: Job, main: Callable[[Job], Figures]) -> None:
    """Do the job, stop its sessions, log its figures and write them where ``--result`` says."""
    started = time.monotonic()
    try:
        figures = main(job)
    finally:
        for session in job.sessions:
            session.stop()
    figures = {
        **figures,
        **({"spark": job.events} if job.events else {}),
        **_resources(),
        "seconds": round(time.monotonic() - started, 3),
    }
    log.info("%s", json.dumps(figures, default=str))
    if job.args.result:
        job.args.result.write_text(json.dumps(figures, default=str))


def _resources() -> Figures:
    """CPU, memory and disk of this process, in the units of the ``runs`` table."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    figures: Figures = {
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 3),
        "max_rss_mb": round(usage.ru_maxrss / 1024, 1),
    }
    counters = pathlib.Path(f"/proc/{os.getpid()}/io")
    if counters.exists():
        values = dict(line.split(": ") for line in counters.read_text().splitlines())
        figures["read_mb"] = round(int(values["read_bytes"]) / 2**20, 3)
        figures["written_mb"] = round(int(values["write_bytes"]) / 2**20, 3)
    return figures
