"""Run the last whole days on the demo API.

It is what ``make run`` does.

Starts the demo API and a local Spark Connect server, runs DailyPipeline for each day with the API standing at
the end of that day, prints what came of it, and stops what it started. On a terminal it then serves the page until Ctrl-C.
"""

import contextlib
import datetime
import os
import pathlib
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import IO, Any

import luigi
import requests

from conf import days
from conf.advice import typed
from conf.checkout import IS_CHECKOUT, ROOT
from conf.command_line import Parser, folder_to_make, port, whole
from conf.errors import Refused, refusals_told
from conf.stopping import end, stoppable
from tasks import observe
from tasks.daily import DailyPipeline
from tasks.run import processes
from tasks.run.luigi_settings import settings, use
from tasks.run.probe import answers
from tasks.run.processes import PATIENCE, bound
from tasks.run.spark_server import running

PORT = 15002


def arguments() -> Parser:
    return of_demo(__doc__, 2, ROOT / "data" / "demo")


def of_demo(doc: str | None, count: int, root: pathlib.Path) -> Parser:
    """The flags of a demo that runs so many days into a folder."""
    result = in_folder(doc, root)
    result.add_argument(
        "--days",
        type=whole("--days", 1, 1000),
        default=count,
        help=f"how many whole days up to yesterday (default: {count})",
    )
    return result


def in_folder(doc: str | None, root: pathlib.Path) -> Parser:
    """The flags of every demo."""
    result = Parser(doc)
    result.add_argument("--root", type=folder_to_make, default=root, help="folder of lake, registry and logs")
    result.add_argument("--port", type=port, default=PORT, help=f"of the Spark Connect server (default: {PORT})")
    return result


def main() -> None:
    args = arguments().parse_args()
    settings()  # refuses wrong values before anything is started
    folder, dates = args.root.absolute(), last_days(args.days)
    run(dates, folder, args.port)
    show("summary", folder, dates[-1])
    page(folder)


def last_days(count: int) -> list[datetime.date]:
    """The last whole days up to yesterday."""
    return [days.today() - number * days.ONE for number in range(count, 0, -1)]


def show(job: str, folder: pathlib.Path, date: datetime.date, *options: str) -> None:
    """What a job has to say of the demo's lake, for a person."""
    command = [sys.executable, "-m", "jobs", job, f"--date={date}", f"--lake-root={folder / 'lake'}", *options]
    code = processes.run(command, cwd=ROOT)
    if code:
        raise Refused(f"{job} ended with code {code}; its lines say why")


def page(folder: pathlib.Path) -> None:
    """Where the listener's page is; on a terminal it is served until Ctrl-C, elsewhere nothing stays behind."""
    number = settings().app.port
    usual = IS_CHECKOUT and folder == (ROOT / "data" / "demo").absolute()
    again = typed("make app" + ("" if usual else f" ROOT={shlex.quote(str(folder / 'lake'))}"))
    if not sys.stdout.isatty():
        print(f"\n  page     {again}   (http://127.0.0.1:{number})")
        return
    log = folder / "logs" / "app.log"
    command = [sys.executable, "-m", "app", f"--lake-root={folder / 'lake'}", "--app-host=127.0.0.1"]
    command += [f"--app-port={0 if answers(number) else number}"]
    # This demo's lake is to be seen, not a mart that the environment may name.
    environment = {**os.environ, "MOOVITAMIX_POSTGRES_URL": ""}
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        log.open("ab") as errors,
        started(command, errors, env=environment) as server,
        contextlib.suppress(KeyboardInterrupt),  # its end, as the line below says
    ):
        url = server.stdout.readline().strip() if server.stdout else ""
        if not url:
            raise Refused(f"the page did not start; see {log}")
        print(f"\n  page     {url}   (Ctrl-C ends it; {again} starts it again)", flush=True)
        server.wait()


def run(dates: list[datetime.date], folder: pathlib.Path, port: int, drift: datetime.date | None = None) -> None:
    """Run those of the dates that are not complete, in order; from ``drift`` on half of the listeners like other genres.

    Raises:
        Refused: a day failed; its lines have said why.
    """
    observe.install()
    use("lake", "root", str(folder / "lake"))
    use("registry", "uri", f"sqlite:///{folder / 'mlflow.db'}")
    left = [date for date in dates if not DailyPipeline(date=date).complete()]
    if not left:
        return
    say(f"starting the demo API and Spark; logs in {folder / 'logs'}")
    api_log, spark_log = folder / "logs" / "demo_api.log", folder / "logs" / "spark.log"
    with demo_api(api_log, drift) as url, running(port, spark_log) as remote:
        use("api", "base_url", url)
        use("spark", "remote", remote)
        for date in left:
            began = time.monotonic()
            requests.post(f"{url}/_as_of/{date}", timeout=60).raise_for_status()
            if not luigi.build([DailyPipeline(date=date)], local_scheduler=True):
                raise Refused(f"{date} did not finish; the same command goes on where it stopped")
            say(f"{date} done in {time.monotonic() - began:.0f} s\n")


@contextlib.contextmanager
def demo_api(log: pathlib.Path, drift: datetime.date | None = None) -> Iterator[str]:
    """The URL of a demo API on a free port."""
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "demo_api", "--port=0", *([f"--drift={drift}"] if drift else [])]
    with log.open("ab") as errors, started(command, errors) as process:
        url = process.stdout.readline().strip() if process.stdout else ""
        if not url.startswith("http"):
            raise Refused(f"the demo API did not start; see {log}")
        yield url


@contextlib.contextmanager
def started(command: list[str], errors: IO[bytes], **how: Any) -> Iterator[subprocess.Popen]:
    """A server of ours, ended with the block; Ctrl-C reaches it by this process alone."""
    process = subprocess.Popen(
        bound(command), cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True, start_new_session=True, **how
    )
    try:
        yield process
    finally:
        end(process, PATIENCE)


def say(text: str) -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody reads it any more, and the days go on
        print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    with stoppable(), refusals_told():
        main()
