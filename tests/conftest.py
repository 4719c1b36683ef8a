"""What all tests share: one Spark session, made when the first test asks for it."""

import os
import sys
from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

os.environ["PYSPARK_PYTHON"] = sys.executable


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    from conf.settings import Settings
    from jobs.session import spark_session

    session = spark_session(Settings(), "tests")
    yield session
    session.stop()
