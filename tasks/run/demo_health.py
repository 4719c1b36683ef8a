"""Show how faults of the API are noticed and reported.

Runs ten days on the demo API, each by a command of its own and with the API at the end of that day. On the eighth the
API has lost most of the history: the fetch refuses it, the day's report says so, and it goes on once a person accepts
it. On the tenth a field goes null, rows come twice and the API is slow: the day works, and its report names all three.
"""

import datetime
import pathlib
import shutil
import sys
import time

import requests

from conf.checkout import ROOT
from conf.command_line import Parser
from conf.errors import Refused, refusals_told
from conf.stopping import stoppable
from lake.layout import index_file, report_file
from tasks.run import processes
from tasks.run.demo import demo_api, in_folder, last_days, say
from tasks.run.spark_server import running

DAYS = 10
LOST, LAST = 7, 9  # places of the days with faults
FAULTS = {LOST: ("history-lost",), LAST: ("genres-null", "history-repeated", "slow")}


class Commands:
    """``luigi`` as a person types it, on one lake."""

    def __init__(self, folder: pathlib.Path, api: str, remote: str) -> None:
        self.lake = folder / "lake"
        self.options = [
            f"--api-base-url={api}",
            f"--lake-root={self.lake}",
            f"--registry-uri=sqlite:///{folder / 'mlflow.db'}",
            f"--spark-remote={remote}",
            "--als-tune=never",  # the parameters of luigi.cfg will do, and searching takes longer than the ten days
        ]

    def day(self, date: datetime.date, *more: str) -> bool:
        """Whether the day is done."""
        luigi = str(pathlib.Path(sys.executable).with_name("luigi"))
        command = [luigi, "--module", "tasks.daily", "DailyPipeline", "--local-scheduler", f"--date={date}"]
        return processes.run([*command, *self.options, *more], cwd=ROOT) == 0


def arguments() -> Parser:
    return in_folder(__doc__, ROOT / "data" / "demo-health")


def main() -> None:
    args = arguments().parse_args()
    folder, dates = args.root.absolute(), last_days(DAYS)
    logs, began = folder / "logs", time.monotonic()
    say(f"starting the demo API and Spark; logs in {logs}")
    with demo_api(logs / "demo_api.log") as url, running(args.port, logs / "spark.log") as remote:
        commands = Commands(folder, url, remote)
        for place, date in enumerate(dates):
            requests.post(f"{url}/_as_of/{date}", timeout=60).raise_for_status()
            requests.post(f"{url}/_faults", params={"name": FAULTS.get(place, ())}, timeout=60).raise_for_status()
            run(commands, date, FAULTS.get(place, ()))
    say(f"{DAYS} days in {time.monotonic() - began:.0f} s")
    tell(commands.lake, dates)


def run(commands: Commands, date: datetime.date, faults: tuple[str, ...]) -> None:
    """A day; where history is lost it fails first, and its report of then is kept beside.

    Raises:
        Refused: a day ended otherwise than it should.
    """
    if faults:
        say(f"\n{date}: the API is to break: {', '.join(faults)}")
    done = commands.day(date)
    if not done and "history-lost" in faults:
        report = report_file(commands.lake, date)
        shutil.copy(report, failed(commands.lake, date))
        say(f"\n{date} failed, as it should: {failed(commands.lake, date)}\nsomebody has looked and accepts it")
        done = commands.day(date, "--accept-volume-change")
    if not done:
        raise Refused(f"{date} did not finish; the same command goes on where it stopped")


def failed(lake: pathlib.Path, date: datetime.date) -> pathlib.Path:
    """Where the report of a day that had failed is kept when the day is done after all."""
    return lake / "reports" / f"failed-{date}.html"


def tell(lake: pathlib.Path, dates: list[datetime.date]) -> None:
    print(
        f"""
  the last day, with three faults        {report_file(lake, dates[LAST])}
  the day that had failed, as it stood   {failed(lake, dates[LOST])}
  the same when it was done              {report_file(lake, dates[LOST])}
  all days                               {index_file(lake)}"""
    )


if __name__ == "__main__":
    with stoppable(), refusals_told():
        main()
