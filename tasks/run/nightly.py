"""Run every day that is due, unattended.

It is what cron calls by ``bin/daily``.

Takes a lock, finds the days that are missing up to the last whole one, starts a local Spark Connect server where none
answers, runs the days in order and stops what it started. Ends with Luigi's code of what happened ([retcode], where
a file sets it): 0 all days are complete, 2 a word or setting is wrong, 10 another run is under way, 30 a step failed; 128 and
a signal's number where it was asked to stop.
"""

import contextlib
import datetime
import fcntl
import os
import pathlib
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import IO

from conf import days
from conf.command_line import Parser, begun_day, folder_to_make
from conf.errors import Refused, line, tell
from conf.program import require_java
from conf.settings import SECTIONS, Settings, add_flags, as_flags, from_flags
from conf.settings.luigi_defaults import RETCODES
from conf.stopping import SIGNALS, Stopped, end, stoppable
from lake import commits, storage
from lake.failing import NIGHTS
from lake.layout import MANIFEST, daily_log, lock_file, logs_folder, raw_folder
from lake.storage import absolute
from tasks.daily import done
from tasks.run import failed_day, jvm
from tasks.run.probe import free_port
from tasks.run.processes import bound
from tasks.run.spark_server import KeptServer, kept

ALREADY_RUNNING, UNHANDLED = RETCODES["already_running"][0], RETCODES["unhandled_exception"][0]
KILLED = 128  # and the number of the signal
HOUR = 3600
TRIES = 3  # runs of a day whose Spark Connect server was lost
LOOK = 1  # seconds between two looks at it
PATIENCE, SPARK_PATIENCE = 8, 5  # seconds for a day to end when it is asked to, and then for Spark


def arguments() -> Parser:
    result = Parser(__doc__)
    add_flags(result, *SECTIONS)
    result.add_argument(
        "--date",
        type=begun_day("--date"),
        metavar="YYYY-MM-DD",
        help="run this day alone, for schedulers with dates of their own",
    )
    result.add_argument("--hourly", action="store_true", help="stay, and do it again each hour: where there is no cron")
    return result


def main() -> int:
    try:
        args = arguments().parse_args()
        settings = from_flags(args)
        if not storage.is_url(settings.lake.root):
            folder_to_make(settings.lake.root)
        if not settings.spark.remote:
            require_java()
    except Refused as refusal:
        tell(refusal)
        return refusal.code
    code = once(settings, args.date)
    while args.hourly:
        time.sleep(HOUR - time.time() % HOUR + 20 * 60)  # twenty past: yesterday is over, and the API at rest
        code = once(settings)
    return code


def once(settings: Settings, date: datetime.date | None = None) -> int:
    """Run what is due, or one date; the code that says what happened."""
    try:
        with locked(lock_file(settings.lake.root)), written(settings) as output:
            remove_old_logs(settings, days.today())
            return run(settings, output, date)
    except Refused as refusal:
        say(line(refusal))
        return ALREADY_RUNNING if isinstance(refusal, AlreadyRunning) else UNHANDLED
    except Exception as error:
        if not storage.is_failure(error):  # such as a full disk
            raise
        say(f"error: {error}; see to it, the next run goes on where it stopped")
        return UNHANDLED


class AlreadyRunning(Refused):
    """Another run holds the lock."""


@contextlib.contextmanager
def locked(path: pathlib.Path) -> Iterator[None]:
    """Hold the lake's lock. The kernel gives it back when the process ends, however it ends.

    Raises:
        AlreadyRunning: somebody else holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise AlreadyRunning(f"another run is under way ({lock.read().strip()}); this one does nothing") from None
        lock.truncate(0)
        lock.write(f"process {os.getpid()}, since {datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M} UTC\n")
        lock.flush()
        yield


@contextlib.contextmanager
def written(settings: Settings) -> Iterator[IO[str] | None]:
    """Where the steps' lines go: a person's terminal, else a file a day, of which cron mails nothing."""
    if sys.stderr.isatty():
        yield None
        return
    path = daily_log(settings.lake.root, days.today())
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as output:
        yield output


def run(settings: Settings, output: IO[str] | None, date: datetime.date | None = None) -> int:
    """Run what is due, or the date; the code of the first day that did not finish, else 0."""
    last = date or days.yesterday()
    dates = due(settings, last, first=date)
    if not dates:
        say(f"{last} is complete; nothing to do")
        return 0
    failed = 0
    with spark(settings, dates[-1]) as server:
        for date in dates:
            if failed and not has_snapshot(settings, date) and not has_snapshot(settings, dates[-1]):
                continue  # tonight the API gives none
            began = datetime.datetime.now(datetime.UTC)
            code = run_day(settings, date, dates[-1], server, output)
            if not code:
                say(f"{date} is complete")
                continue
            failed = failed or code
            where = f"; see {output.name}" if output else ""
            same = failed_day.nights(settings, date, began, code)
            say(f"error: {date} did not finish (code {code}){where}{_what_follows(date, dates[-1], same)}")
            if date != dates[-1] and has_snapshot(settings, date):
                fetch_present(settings, dates[-1], server, output)
            if same < NIGHTS:
                break
    return failed


def _what_follows(date: datetime.date, last: datetime.date, same: int) -> str:
    if same >= NIGHTS:
        later = "; the days after it go on without it" if date != last else ""
        return f"; the cause is the same on {same} nights running{later}; {date} is tried again each night"
    return f"{', the days after it wait' if date != last else ''}; the next run goes on where it stopped"


def fetch_present(settings: Settings, last: datetime.date, server: KeptServer | None, output: IO[str] | None) -> None:
    """Fetch the last day's snapshot where it is missing: the API serves only the present, and a failed day must not cost it."""
    if has_snapshot(settings, last):
        return
    if not _luigi(luigi(settings, server, "CheckSnapshot", f"--date={last}"), server, output):
        say(f"{last} is fetched all the same")


def due(settings: Settings, last: datetime.date, first: datetime.date | None = None) -> list[datetime.date]:
    """The days up to ``last`` that are not whole, oldest first: from ``first`` on, which is the lake's where none is given.

    At most ``[daily] catch_up_days``.
    """
    root = absolute(settings.lake.root)
    first = first or min(commits.accounted(root), default=last)
    every = [first + datetime.timedelta(days=day) for day in range((last - first).days + 1)]
    missing = sorted(set(every) - done(root, every, 1))
    kept = [date for date in missing if (last - date).days < settings.daily.catch_up_days]
    if len(kept) < len(missing):
        old = missing[: len(missing) - len(kept)]
        say(
            f"{len(old)} missing days from {old[0]} to {old[-1]} are older than [daily] catch_up_days = "
            f"{settings.daily.catch_up_days}; to run them: luigi --module tasks.daily Backfill --local-scheduler "
            f"--start {old[0]} --end {old[-1]} --snapshot-date {last}"
        )
    return kept


@contextlib.contextmanager
def spark(settings: Settings, date: datetime.date) -> Iterator[KeptServer | None]:
    """A Connect server on this machine; none where one is set, or a cluster gets the jobs."""
    if settings.spark.remote or not settings.daily.spark_port or not settings.spark.master.startswith("local"):
        yield None
        return
    log = logs_folder(settings.lake.root) / "spark.log"
    history = jvm.history_rows(settings.lake.root, date - datetime.timedelta(days=1))
    options = {**jvm.options(history), **storage.spark_properties(settings.lake.root), **settings.spark.properties}
    # One that somebody has started there need not know the bucket.
    port = free_port() if storage.is_url(settings.lake.root) else settings.daily.spark_port
    with kept(port, log, settings.spark.master, options, SPARK_PATIENCE) as server:
        yield server


def run_day(
    settings: Settings, date: datetime.date, last: datetime.date, server: KeptServer | None, output: IO[str] | None
) -> int:
    """Run one day, again where the Connect server was lost meanwhile; its code."""
    for _ in range(TRIES):
        losses = server.losses if server else 0
        code = _luigi(command(settings, date, last, server), server, output)
        if not code or not server or server.losses == losses:
            break
        say(
            f"the Spark Connect server was gone while {date} ran (code {code}); another was started, and the day goes on"
        )
    return code if code >= 0 else KILLED - code


def command(settings: Settings, date: datetime.date, last: datetime.date, server: KeptServer | None) -> list[str]:
    """Luigi's command line for a day."""
    return luigi(settings, server, "DailyPipeline", f"--date={date}", *snapshot(settings, date, last))


def luigi(settings: Settings, server: KeptServer | None, *words: str) -> list[str]:
    """Luigi's command line for a task and its parameters."""
    remote = server.url if server else settings.spark.remote
    return [
        str(pathlib.Path(sys.executable).with_name("luigi")),
        *("--module", "tasks.daily", *words),
        f"--scheduler-url={settings.daily.scheduler}" if settings.daily.scheduler else "--local-scheduler",
        *[word for word in as_flags(settings, *SECTIONS) if not word.startswith("--spark-remote=")],
        f"--spark-remote={remote}",
    ]


def _luigi(words: list[str], server: KeptServer | None, output: IO[str] | None) -> int:
    """Run Luigi in a process of its own that ends with this one; its code, negative where a signal ended it.

    A client of a server that is gone asks for it again for ten minutes; as soon as there is another it ends.

    Raises:
        Stopped: somebody has stopped Luigi, which stops this run: it is no failure of the day.
    """
    process = subprocess.Popen(
        bound(words), stdin=subprocess.DEVNULL, stderr=output, stdout=output, start_new_session=True
    )
    try:
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = process.wait(timeout=LOOK)
                if (number := -code if code < 0 else code - KILLED) in SIGNALS:
                    raise Stopped(number)
                return code
            if server:
                server.replace()
    finally:
        if process.poll() is None:
            end(process, PATIENCE)


def snapshot(settings: Settings, date: datetime.date, last: datetime.date) -> list[str]:
    """A missed day that has no snapshot shares the last day's: the API serves its present to both."""
    return [] if date == last or has_snapshot(settings, date) else [f"--snapshot-date={last}"]


def has_snapshot(settings: Settings, date: datetime.date) -> bool:
    """Whether the day's own raw folders lie there, proven."""
    return (raw_folder(settings.lake.root, "_day", date) / MANIFEST).exists()


def remove_old_logs(settings: Settings, date: datetime.date) -> None:
    """Remove what is older than ``[daily] keep_log_days``: a day's folder, and this command's file of a day."""
    oldest = date - datetime.timedelta(days=settings.daily.keep_log_days)
    for path in logs_folder(settings.lake.root).glob("*"):
        with contextlib.suppress(ValueError):
            if datetime.date.fromisoformat(path.stem.removeprefix("daily-")) < oldest:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def say(text: str) -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody reads it any more, and the days go on
        print(text, flush=True)


if __name__ == "__main__":
    with stoppable():
        sys.exit(main())
