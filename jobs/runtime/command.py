"""What every job has on its command line: the date, the settings, and how the process ends."""

import argparse
import contextlib
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
from typing import TYPE_CHECKING, Any, NoReturn

from conf import days, stopping
from conf.command_line import Parser, any_day, begun_day, refuse_no_folder, whole
from conf.errors import Refused, tell
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
        stopping.keep()  # Spark takes Ctrl-C for itself
        self.events.extend(spark_events.whereabouts(self.sessions[-1]))
        return self.sessions[-1]

    def lake(self) -> Lake:
        """The tables, without Spark."""
        return Lake(self.settings.lake.root, self.args.revision)

    def frames(self, spark: "SparkSession") -> "SparkLake":
        """The tables as a session's frames."""
        from jobs.runtime.frames import SparkLake

        return SparkLake(self.settings.lake.root, spark, self.args.revision)


def parser(doc: str | None, *sections: str, date: str = "", step: bool = False) -> Parser:
    """The command line of a job: a flag for every setting of the named sections.

    ``date`` says what ``--date`` is where it is not given: ``required``, ``yesterday`` or ``today``; empty: the job
    reads none. A ``step`` of the pipeline has ``--result`` and ``--revision`` besides.
    """
    result = Parser(doc)
    result.set_defaults(step=step)
    if date:
        _add_date(result, date)
    else:  # read until 0.2
        result.add_argument(
            "--date", type=any_day("--date"), default=days.today(), action=NotRead, help=argparse.SUPPRESS
        )
    if step:
        result.add_argument("--result", type=pathlib.Path, help="file that gets the job's figures as JSON")
        result.add_argument(
            "--revision",
            type=whole("--revision", 0),
            default=1,
            help="version of what is written; 0 is of a day that is not over (default: 1)",
        )
    else:
        result.set_defaults(result=None, revision=1)
    add_flags(result, *sections)
    return result


def _add_date(arguments: Parser, date: str) -> None:
    default = {"required": None, "yesterday": days.yesterday(), "today": days.today()}[date]
    said = {"required": "", "yesterday": " (default: the last whole day, UTC)", "today": " (default: today, UTC)"}[date]
    arguments.add_argument(
        "--date",
        required=default is None,
        default=default,
        type=any_day("--date") if date == "today" else begun_day("--date"),
        metavar="YYYY-MM-DD",
        help=f"the day to work on{said}",
    )


class NotRead(argparse.Action):
    """A flag that was read in an earlier version, and is accepted for one more."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, *_: Any) -> None:
        print(f"{self.option_strings[0]} is not read by {parser.prog} any more; leave it out", file=sys.stderr)


def settle(arguments: Parser) -> Job:
    """The job that the command line asks for.

    Raises:
        BadSetting: a value is not allowed, or there is no lake at ``[lake] root``.
    """
    args = arguments.parse_args()
    settings = from_flags(args)
    refuse_no_folder(settings.lake.root)
    return Job(args.date, settings, args)


def run(main: Callable[[Job], Figures], arguments: Parser) -> NoReturn:
    """Parse, do the job, write its figures and end the process.

    A :class:`~conf.errors.Refused` ends it with its code and one line.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("py4j").setLevel(logging.WARNING)
    for handler in logging.getLogger().handlers:  # py4j logs the stack of what it is stopped in
        handler.addFilter(lambda record: not (record.exc_info and isinstance(record.exc_info[1], KeyboardInterrupt)))
    # PySpark logs every server error with its query context; the one who raised it says it better.
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    answer(lambda: finish(settle(arguments), main))


def ask(show: Callable[[Job], int | None], arguments: Parser) -> NoReturn:
    """Parse, print what is asked for, and end the process with the code that ``show`` returns."""
    answer(lambda: show(settle(arguments)))


def answer(work: Callable[[], int | None]) -> NoReturn:
    """The edge of a command: do its work, and end the process with the code of how it went."""
    try:
        code = work() or 0
    except Refused as refusal:
        tell(refusal)
        code = refusal.code
    except KeyboardInterrupt as error:
        stopping.leave(stopping.number_of(error))
    except BrokenPipeError:  # whoever read the output has enough
        code = 0
    except SystemExit as ended:  # --help
        code = ended.code if isinstance(ended.code, int) else 0
    except Exception:
        traceback.print_exc()
        code = 1
    leave(code)


def leave(code: int) -> NoReturn:
    """End the process at once.

    Threads of deltalake and pyarrow now and then abort an interpreter that goes down (exit code 134, after the work
    is done and committed).
    """
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(BrokenPipeError):
            stream.flush()
    os._exit(code)


def finish(job: Job, main: Callable[[Job], Figures]) -> None:
    """Do the job and stop its sessions; log a step's figures, and write them where ``--result`` says."""
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
    if job.args.step or job.args.result:  # what answers a user has printed its answer
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
