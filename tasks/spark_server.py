"""A local Spark Connect server: one warm JVM for all steps of a day."""

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping

from conf.errors import Refused
from tasks import jvm, spark_events
from tasks.base import LOOPBACK, ROOT, spark_environment

CLASS = "org.apache.spark.sql.connect.service.SparkConnectServer"
PATIENCE = 120  # seconds for a JVM to come up
STOP_PATIENCE = 15  # and to go down


def answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def free_port() -> int:
    """A port of the loopback address that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def command(port: int, master: str, properties: Mapping[str, str] | None = None) -> list[str]:
    """What starts a server on the loopback address; ``properties`` are of its JVM, by default those for little data."""
    given = {**LOOPBACK, **(properties or jvm.options())}
    return [
        str(pathlib.Path(sys.executable).with_name("spark-submit")),
        "--class",
        CLASS,
        "--name",
        "moovitamix",
        "--master",
        master,
        "--properties-file",
        str(ROOT / "conf" / "spark" / "spark-defaults.conf"),
        *[word for key, value in given.items() for word in ("--conf", f"{key}={value}")],
        "--conf",
        "spark.connect.grpc.binding.address=127.0.0.1",
        "--conf",
        f"spark.connect.grpc.binding.port={port}",
        "spark-internal",
    ]


@contextlib.contextmanager
def running(
    port: int,
    log: pathlib.Path,
    master: str = "local[*]",
    properties: Mapping[str, str] | None = None,
    patience: float = STOP_PATIENCE,
) -> Iterator[str]:
    """The URL of a server on ``port``: one that answers there already, else one started here and stopped at the end.

    Raises:
        Refused: the server ended, or did not answer in time.
    """
    url = f"sc://127.0.0.1:{port}"
    if answers(port):
        yield url
        return
    process = start(port, log, master, properties)
    try:
        yield url
    finally:
        _stop(process, patience)


def start(port: int, log: pathlib.Path, master: str, properties: Mapping[str, str] | None = None) -> subprocess.Popen:
    """A server that answers on ``port``, in a process group of its own.

    Raises:
        Refused: it ended, or did not answer in time.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    events = spark_events.options(log.parent / "spark-events")
    with log.open("ab") as output:
        process = subprocess.Popen(
            command(port, master, {**(properties or jvm.options()), **events}),
            cwd=log.parent,
            env=spark_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait(process, port, log)
    except BaseException:
        _stop(process)
        raise
    return process


def _wait(process: subprocess.Popen, port: int, log: pathlib.Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not answers(port):
        if process.poll() is not None:
            raise Refused(f"the Spark Connect server ended with code {process.returncode}; see {log}")
        if time.monotonic() > deadline:
            raise Refused(f"the Spark Connect server did not answer on port {port} in {PATIENCE} s; see {log}")
        time.sleep(0.2)


def _stop(process: subprocess.Popen, patience: float = STOP_PATIENCE) -> None:
    for sent in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, sent)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=patience)
            return
