"""The Spark session of a job: a Spark Connect client, or the driver that spark-submit started."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping

import pyspark.cloudpickle
from pyspark.sql import DataFrame, SparkSession

import conf
import jobs
import lake
from conf.checkout import DEPLOY
from conf.settings import Settings
from lake import storage

DEFAULTS = DEPLOY / "spark" / "spark-defaults.conf"

Keep = Callable[[DataFrame], DataFrame]

MANY = 200_000  # rows of a job's input from which compiled code pays
ROWS_OF_A_PARTITION = 100_000


def spark_session(settings: Settings, name: str, rows: int = 0) -> SparkSession:
    """A session with Delta and UTC, on ``[spark] remote`` where that is set, set up for a job over so many rows."""
    # Functions of these packages travel to the workers whole: those need not have the project installed.
    for package in (jobs, lake, conf):
        pyspark.cloudpickle.register_pickle_by_value(package)
    given = settings.spark.properties
    os.environ.setdefault("PYSPARK_PYTHON", given.get("spark.pyspark.python", sys.executable))
    builder = SparkSession.builder.appName(name)
    if settings.spark.remote:
        session = builder.remote(settings.spark.remote).getOrCreate()
        session.conf.set("spark.sql.session.timeZone", "UTC")
    else:
        # Under spark-submit the master and these values are given already; by hand they are not.
        by_hand = {} if "PYSPARK_GATEWAY_PORT" in os.environ else storage.spark_properties(settings.lake.root)
        for key, value in {**defaults(), **by_hand, **given}.items():
            builder = builder.config(key, value)
        if "PYSPARK_GATEWAY_PORT" not in os.environ:
            builder = builder.master(settings.spark.master)
        session = builder.getOrCreate()
    for key, value in profile(rows, given).items():
        session.conf.set(key, value)
    return session


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
