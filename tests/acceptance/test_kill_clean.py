"""Cleaning that is killed at any moment, or run twice at once, ends with the tables of an undisturbed run.

The full form, twenty kills, is ``make test-kill``.
"""

import contextlib
import datetime
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest

from bench import raw_lake
from conf.checkout import DEPLOY
from lake.access import Lake
from tasks.base import spark_environment
from tasks.run import spark_server
from tests.ports import free_port

pytestmark = pytest.mark.acceptance

ROOT = pathlib.Path(__file__).parents[2]
DATE = datetime.date(2024, 3, 1)
SUBMIT = [
    str(pathlib.Path(sys.executable).with_name("spark-submit")),
    f"--properties-file={DEPLOY / 'spark' / 'spark-defaults.conf'}",
    "--master=local[2]",
    str(ROOT / "jobs" / "__main__.py"),
]
VICTIMS = ("client", "server", "driver")


class Server:
    """A Connect server that can be killed and started again on its port."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder, self.port = folder, free_port()
        self.start()

    @property
    def url(self) -> str:
        return f"sc://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.process = spark_server.start(self.port, self.folder / "spark.log", "local[2]")

    def kill(self) -> None:
        kill(self.process)


def kill(process: subprocess.Popen) -> None:
    """SIGKILL to all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=60)


def clean(root, log, server=None) -> subprocess.Popen:
    """The job on its way: a client of the server, or under spark-submit."""
    start = [sys.executable, "-m", "jobs"] if server else SUBMIT
    flags = ["clean", f"--date={DATE}", "--entity=listen_history", f"--lake-root={root}"]
    flags += [f"--spark-remote={server.url}"] if server else []
    with log.open("ab") as output:
        return subprocess.Popen(
            [*start, *flags], cwd=ROOT, env=spark_environment(), stdout=output, stderr=output, start_new_session=True
        )


def tables(root):
    return {name: sorted(map(str, Lake(str(root)).rows(name))) for name in ("listens", "quarantine", "accounting")}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("server"))
    yield server
    server.kill()


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    root = tmp_path_factory.mktemp("raw") / "lake"
    raw_lake.write(str(root), DATE, 20_000, 300, 200)
    return root


@pytest.fixture(scope="module")
def undisturbed(raw, server, tmp_path_factory):
    """Its tables, and the seconds that a run takes on a warm server."""
    for number in range(2):
        root = shutil.copytree(raw, tmp_path_factory.mktemp("undisturbed") / "lake")
        begun = time.monotonic()
        assert clean(root, root / f"{number}.log", server).wait() == 0
    return tables(root), time.monotonic() - begun


def killed_once(victim, raw, server, undisturbed, folder):
    root = shutil.copytree(raw, folder / "lake")
    log = folder / "clean.log"
    expected, seconds = undisturbed
    remote = None if victim == "driver" else server
    running = clean(root, log, remote)
    # A driver has a JVM to start before it does anything.
    time.sleep(random.uniform(0.3, 1) * (seconds if remote else 3 * seconds + 8))
    if victim == "server":
        server.kill()
        # Its client asks again for minutes, and finds that a new server does not know it.
        server.start()
    else:
        kill(running)
    running.wait(timeout=240)
    again = clean(root, log, remote)
    assert again.wait(timeout=300) == 0, log.read_text()[-3000:]
    assert tables(root) == expected


@pytest.mark.parametrize("victim", VICTIMS)
def test_killed_at_a_random_moment_the_same_command_finishes(victim, raw, server, undisturbed, tmp_path):
    killed_once(victim, raw, server, undisturbed, tmp_path)


@pytest.mark.chaos
@pytest.mark.parametrize("number", range(21))
def test_killed_at_each_of_many_moments_the_same_command_finishes(number, raw, server, undisturbed, tmp_path):
    killed_once(VICTIMS[number % 3], raw, server, undisturbed, tmp_path)


def test_two_at_once_both_end_well_and_leave_one_result(raw, server, undisturbed, tmp_path):
    root = shutil.copytree(raw, tmp_path / "lake")
    both = [clean(root, tmp_path / f"{number}.log", server) for number in range(2)]
    assert [one.wait(timeout=300) for one in both] == [0, 0], (tmp_path / "0.log").read_text()[-3000:]
    assert tables(root) == undisturbed[0]
