"""A lake that was written by the project's own class, and servers that scrape it."""

import dataclasses
import datetime
import pathlib
import subprocess
import sys
from collections.abc import Iterator

import pytest

from jobs.lake import Lake
from tests.jobs.exporting.days import before, history
from tests.services.prometheus.servers import ROOT, Prometheus, exporter, luigid, prometheus

TASKS = """
import luigi

class Goes(luigi.Task):
    done = False
    def complete(self):
        return self.done
    def run(self):
        self.done = True

class Fails(Goes):
    def run(self):
        raise RuntimeError("as it should")
"""


@dataclasses.dataclass(frozen=True)
class System:
    """``last`` is the newest date of the lake: yesterday."""

    lake: Lake
    last: datetime.date
    prometheus: Prometheus
    lake_address: str


def run_tasks(address: str, folder: pathlib.Path) -> None:
    """Two tasks of a module of their own at a luigid: one that goes well, one that does not."""
    (folder / "small_tasks.py").write_text(TASKS)
    for task in ("Goes", "Fails"):
        command = [pathlib.Path(sys.executable).with_name("luigi"), "--module", "small_tasks", task]
        port = address.rpartition(":")[2]
        options = ["--scheduler-host=127.0.0.1", f"--scheduler-port={port}", "--no-lock"]
        subprocess.run(
            [*map(str, command), *options],
            cwd=ROOT,
            env={"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin"},
            capture_output=True,
        )


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Ten quiet days up to yesterday, scraped each second."""
    folder = tmp_path_factory.mktemp("prometheus")
    last = before(datetime.datetime.now(datetime.UTC).date(), 1)
    lake = Lake(str(folder / "lake"))
    history(lake, last, 10)
    with exporter(folder / "lake", folder) as lake_address, luigid(folder) as luigid_address:
        targets = {"moovitamix": lake_address, "luigid": luigid_address}
        with prometheus(folder, targets) as server:
            server.scraped_again()
            run_tasks(luigid_address, folder)
            server.scraped_again()
            yield System(lake, last, server, lake_address)
