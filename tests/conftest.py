"""What all tests share: one Spark session, made when the first test asks for it."""

import os
import sys
from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from tasks import jvm

os.environ["PYSPARK_PYTHON"] = sys.executable
# The tests' JVMs live for seconds and see few rows, whichever way they are started.
os.environ.setdefault("JDK_JAVA_OPTIONS", jvm.options()["spark.driver.defaultJavaOptions"] + " -XX:+UseSerialGC")


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    from conf.settings import Settings
    from jobs.session import spark_session

    session = spark_session(Settings(), "tests")
    yield session
    session.stop()
