"""One date three times: by spark-submit on a cluster, by Spark Connect on it, and on one machine."""

import dataclasses
import pathlib
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tasks.run.spark_server import running
from tests.ports import free_port
from tests.services.cluster.machines import DATE, ROOT, Machines, machines


@dataclasses.dataclass(frozen=True)
class Ran:
    """A lake with the date, what the workers say of themselves, and the tasks that they ran for it."""

    lake: pathlib.Path
    looked: dict[str, dict]
    applications: dict[str, dict[str, int]]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Iterator[Machines]:
    with machines(tmp_path_factory.mktemp("cluster")) as found:
        yield found


@pytest.fixture(scope="module")
def api() -> Iterator[str]:
    command = [sys.executable, "-m", "demo_api", "--port=0", f"--as-of={DATE}"]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        yield server.stdout.readline().strip()
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture(scope="module")
def submitted(cluster, api) -> Ran:
    lake = cluster.folder / "submitted"
    cluster.day(lake, api)
    applications = cluster.applications()
    return Ran(lake, cluster.looked("spark-submit"), applications)


@pytest.fixture(scope="module")
def server(cluster, submitted) -> Iterator[str]:
    """A Spark Connect server: it keeps the cluster's cores, so what is submitted comes before."""
    with cluster.connect_server() as url:
        yield url


@pytest.fixture(scope="module")
def connected(cluster, api, submitted, server) -> Ran:
    lake, before = cluster.folder / "connected", {*submitted.applications, "look"}
    cluster.day(lake, api, f"--spark-remote={server}")
    own = {name: tasks for name, tasks in cluster.applications().items() if name not in before}
    return Ran(lake, cluster.looked("python", SPARK_REMOTE=server), own)


@pytest.fixture(scope="module")
def local(cluster, api, tmp_path_factory) -> pathlib.Path:
    """The lake of the same date on one machine, by a server of its own."""
    folder = tmp_path_factory.mktemp("local")
    with running(free_port(), folder / "spark.log", "local[2]") as url:
        cluster.day(folder / "lake", api, f"--spark-remote={url}")
    return folder / "lake"
