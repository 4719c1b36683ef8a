"""A server with an empty bucket, and Spark's drivers that know it."""

import contextlib
import pathlib
from collections.abc import Callable, Iterator

import pytest
from pyspark.sql import SparkSession

from lake import storage
from tasks.run import jvm
from tasks.run.probe import free_port
from tasks.run.spark_server import running
from tests import buckets

ROOT = f"s3a://{buckets.BUCKET}"


@pytest.fixture(scope="session")
def variables() -> Iterator[dict[str, str]]:
    """Those that lead to the bucket, of this process too."""
    if not (storage.JARS / ".ready").exists():
        pytest.fail(f"{storage.JARS} is not there; bin/setup-s3 makes it")
    with buckets.server("tests.services.s3.faulty") as found, pytest.MonkeyPatch.context() as patch:
        for name, value in found.items():
            patch.setenv(name, value)
        yield found


@contextlib.contextmanager
def driver(folder: pathlib.Path, **more: str) -> Iterator[SparkSession]:
    """A client of a Connect server of its own, started as the nightly run starts it for a lake in the bucket."""
    properties = {**jvm.options(), **storage.spark_properties(ROOT), **more}
    with running(free_port(), folder / "spark.log", "local[1]", properties) as url:
        session = SparkSession.builder.remote(url).create()  # getOrCreate would give the one of another server
        yield session
        session.stop()


@pytest.fixture(scope="session")
def s3_spark(variables: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    with driver(tmp_path_factory.mktemp("driver")) as session:
        yield session


@pytest.fixture
def append(s3_spark: SparkSession) -> Callable[..., None]:
    return appending(s3_spark)


def appending(spark: SparkSession) -> Callable[..., None]:
    """Appends rows to a table in one commit."""

    def append(path: str, rows: int = 1, **options: str) -> None:
        spark.range(rows).write.format("delta").mode("append").options(**options).save(path)

    return append
