"""Spark for the series: a Connect server, and a standalone cluster of one-core workers, on the loopback address."""

import contextlib
import pathlib
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

import pyspark
from pyspark.sql import SparkSession

from conf.settings import Settings, SparkSettings
from jobs.runtime.session import spark_session
from tasks.base import spark_environment
from tasks.run import jvm
from tasks.run.probe import answers, free_port
from tasks.run.spark_server import PATIENCE, running

SPARK_CLASS = pathlib.Path(pyspark.__file__).parent / "bin" / "spark-class"
MEMORY = "3g"  # of a worker, for its executors


@contextlib.contextmanager
def session(rows: int, master: str = "local[2]", settings: int | None = None, **more: str) -> Iterator[SparkSession]:
    """A session on a server of its own, set up for ``settings`` rows (as many as there are, if not given)."""
    many = rows if settings is None else settings
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        options = {**jvm.options(many), **more}
        url = stack.enter_context(running(free_port(), pathlib.Path(folder) / "spark.log", master, options))
        spark = spark_session(Settings(spark=SparkSettings(remote=url)), "bench", rows=many)
        stack.callback(spark.stop)  # before the server: a client left open waits for it for minutes
        yield spark


@contextlib.contextmanager
def cluster(workers: int, folder: pathlib.Path, **machine: Any) -> Iterator[str]:
    """The URL of a master with so many workers that have registered.

    Args:
        folder: gets their logs and, in ``work0`` and so on, what each worker's executors say.
        machine: the environment and the folder they are started in (``env``, ``cwd``); by default those of this process.

    Raises:
        TimeoutError: they did not in :data:`~tasks.run.spark_server.PATIENCE` seconds; their logs are in ``folder``.
    """
    port, log = free_port(), folder / "master.log"
    url = f"spark://127.0.0.1:{port}"
    with contextlib.ExitStack() as stack:
        ports = ("--host", "127.0.0.1", "--port", str(port), "--webui-port", "0")
        stack.enter_context(process("org.apache.spark.deploy.master.Master", *ports, log=log, **machine))
        wait(lambda: answers(port))
        for number in range(workers):
            words = ("--host", "127.0.0.1", "--cores", "1", "--memory", MEMORY, "--webui-port", "0")
            words += ("--work-dir", str(folder / f"work{number}"), url)
            own = {"log": folder / f"worker{number}.log", **machine}
            stack.enter_context(process("org.apache.spark.deploy.worker.Worker", *words, **own))
        wait(lambda: log.read_text(errors="replace").count("Registering worker") >= workers)
        yield url


@contextlib.contextmanager
def process(name: str, *words: str, log: pathlib.Path, **machine: Any) -> Iterator[None]:
    """A class of Spark's as a process, ended at the end."""
    given = {"env": spark_environment(), **machine}
    with log.open("wb") as output:
        started = subprocess.Popen([str(SPARK_CLASS), name, *words], stdout=output, stderr=output, **given)
    try:
        yield
    finally:
        started.terminate()
        started.wait(30)


def wait(ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError("the cluster did not come up")
        time.sleep(0.2)
