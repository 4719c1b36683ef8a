"""The Spark session of a job: a Spark Connect client, or the driver that spark-submit started."""

import contextlib
import logging
import os
import socket
import sys
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping

import pyspark.cloudpickle
from pyspark.sql import DataFrame, SparkSession

import conf
import jobs
import lake
from conf.checkout import DEPLOY
from conf.environment import cleaned
from conf.errors import Refused
from conf.program import require_java
from conf.settings import Settings
from lake import storage

log = logging.getLogger("jobs")

DEFAULTS = DEPLOY / "spark" / "spark-defaults.conf"

Keep = Callable[[DataFrame], DataFrame]

PORT = 15002  # of Spark Connect, where a URL names none
PATIENCE, PAUSE = 120.0, 5.0  # seconds to wait for a server, such as one that is started again, and between two looks
MANY = 200_000  # rows of a job's input from which compiled code pays
ROWS_OF_A_PARTITION = 100_000

# What moments hang on, whatever a server or ``[spark] conf`` says.
FIXED = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_LTZ",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",  # INT96 is read in nanoseconds: 1677 to 2262
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.int96RebaseModeInWrite": "CORRECTED",
}


def spark_session(settings: Settings, name: str, rows: int = 0) -> SparkSession:
    """A session with Delta and UTC, on ``[spark] remote`` where that is set, set up for a job over so many rows."""
    # Functions of these packages travel to the workers whole: those need not have the project installed.
    for package in (jobs, lake, conf):
        pyspark.cloudpickle.register_pickle_by_value(package)
    given = settings.spark.properties
    os.environ.setdefault("PYSPARK_PYTHON", given.get("spark.pyspark.python", sys.executable))
    builder = SparkSession.builder.appName(name)
    if settings.spark.remote:
        await_server(settings.spark.remote)
        session = builder.remote(settings.spark.remote).getOrCreate()
    else:
        # Under spark-submit the master and these values are given already; by hand they are not.
        by_hand = {} if "PYSPARK_GATEWAY_PORT" in os.environ else storage.spark_properties(settings.lake.root)
        for key, value in {**defaults(), **by_hand, **given}.items():
            builder = builder.config(key, value)
        if "PYSPARK_GATEWAY_PORT" not in os.environ:
            require_java()
            environment = cleaned(os.environ, cluster=not settings.spark.master.startswith("local"))
            for name in os.environ.keys() - environment.keys() - {"PYSPARK_PYTHON"}:
                del os.environ[name]  # of the JVM that is started here
            os.environ.update({name: value for name, value in environment.items() if name == "SPARK_HOME"})
            builder = builder.master(settings.spark.master)
        session = builder.getOrCreate()
    for key, value in {**profile(rows, given), **FIXED}.items():
        session.conf.set(key, value)
    return session


def await_server(remote: str, patience: float = PATIENCE) -> None:
    """Wait until something listens there, and say so: Spark's client would ask for ten minutes, and in silence.

    Raises:
        Refused: nothing does.
    """
    address = urllib.parse.urlsplit(remote)
    host, port = address.hostname or "localhost", address.port or PORT
    deadline = time.monotonic() + patience
    while True:
        try:
            socket.create_connection((host, port), timeout=5).close()
            return
        except OSError as error:
            found = error.strerror or str(error)
        if time.monotonic() > deadline:
            raise Refused(
                f"[spark] remote: nothing answered at {host}:{port} for {patience:g} s ({found}); required is a Spark "
                "Connect server; start it, or leave [spark] remote empty"
            )
        log.info("waiting for the Spark Connect server at %s:%s (%s)", host, port, found)
        time.sleep(min(PAUSE, patience))


def profile(rows: int, given: Mapping[str, str]) -> dict[str, str]:
    """Settings for the size of the data: compiled code and more partitions pay once there are many rows.

    ``conf/deploy/spark/spark-defaults.conf`` is for few rows, where planning and compiling would be most of the work. What is
    ``given`` stays as it is.
    """
    if rows < MANY:
        return {}
    many = {
        "spark.sql.codegen.wholeStage": "true",
        "spark.sql.codegen.factoryMode": "FALLBACK",
        "spark.sql.shuffle.partitions": str(min(2000, max(4, rows // ROWS_OF_A_PARTITION))),
    }
    return {key: value for key, value in many.items() if key not in given}


def defaults() -> dict[str, str]:
    """Key and value of each line of ``conf/deploy/spark/spark-defaults.conf``."""
    lines = (line.split(None, 1) for line in DEFAULTS.read_text().splitlines() if line.strip() and line[0] != "#")
    return {key: value.strip() for key, value in lines}


@contextlib.contextmanager
def persisted(*frames: DataFrame) -> Iterator[None]:
    """Keep what the frames hold for as long as the block runs: a Connect server would keep it for good."""
    with keeping() as keep:
        for frame in frames:
            keep(frame)
        yield


@contextlib.contextmanager
def keeping() -> Iterator[Keep]:
    """As :func:`persisted`, for frames that are named as the block goes on."""
    with contextlib.ExitStack() as stack:

        def keep(frame: DataFrame) -> DataFrame:
            stack.callback(frame.persist().unpersist)
            return frame

        yield keep
