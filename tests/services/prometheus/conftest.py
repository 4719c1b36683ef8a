"""A lake that was written by the project's own class, and servers that scrape it."""

import dataclasses
import datetime
from collections.abc import Iterator

import pytest

from lake.access import Lake
from tests.jobs.health.exporting.days import before, history
from tests.services.prometheus.servers import Prometheus, exporter, luigid, prometheus, run_tasks


@dataclasses.dataclass(frozen=True)
class System:
    """``last`` is the newest date of the lake: yesterday."""

    lake: Lake
    last: datetime.date
    prometheus: Prometheus
    lake_address: str


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Ten quiet days up to yesterday, scraped each second."""
    folder = tmp_path_factory.mktemp("prometheus")
    last = before(datetime.datetime.now(datetime.UTC).date(), 1)
    lake = Lake(str(folder / "lake"))
    history(lake, last, 10)
    with (
        exporter(folder / "lake", folder) as lake_address,
        luigid(folder) as luigid_address,
        prometheus(folder, {"moovitamix": lake_address, "luigid": luigid_address}) as server,
    ):
        run_tasks(luigid_address, folder)
        for _ in range(2):  # an increase is one between two samples
            server.scraped_again()
        yield System(lake, last, server, lake_address)
