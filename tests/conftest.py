"""What all tests share: one Spark session, made when the first test asks for it."""

import os
import sys
from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

os.environ["PYSPARK_PYTHON"] = sys.executable
# The tests' JVMs live for seconds: the second compiler costs them more than it gives (a cleaning job by
# spark-submit 22 s in place of 29 s). What they compute is the same.
os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    from conf.settings import Settings
    from jobs.session import spark_session

    session = spark_session(Settings(), "tests")
    yield session
    session.stop()
