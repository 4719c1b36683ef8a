"""What all tests share: one Spark session, made when the first test asks for it."""

import os
import pathlib
import signal
import sys
from collections.abc import Iterator

import hypothesis
import pytest
from pyspark.sql import SparkSession

from tasks.run import jvm
from tests import buckets

pytest_plugins = ["tests.quick"]

# No example is timed. CI tries the same ones each time; elsewhere each run tries others.
for profile, same in (("other", False), ("ci", True)):
    hypothesis.settings.register_profile(profile, deadline=None, derandomize=same)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "other"))

os.environ["PYSPARK_PYTHON"] = sys.executable
# A make that a test starts is not part of the one that started the tests: it has neither its flags nor its messages.
for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):
    os.environ.pop(name, None)
# What a shell has started in the background ignores Ctrl-C, and so would every command that a test starts and stops.
for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
# The tests' JVMs live for seconds and see few rows, whichever way they are started.
os.environ.setdefault("JDK_JAVA_OPTIONS", jvm.options()["spark.driver.defaultJavaOptions"] + " -XX:+UseSerialGC")


@pytest.fixture(autouse=True)
def _no_variables_left_by_mlflow() -> Iterator[None]:
    """MLflow keeps what it was told last in the environment, where a command that a later test starts would find it."""
    yield
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "MLFLOW_EXPERIMENT_ID"):
        os.environ.pop(name, None)


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    from conf.settings import Settings
    from jobs.runtime.session import spark_session

    session = spark_session(Settings(), "tests")
    yield session
    session.stop()


@pytest.fixture(scope="session")
def bucket_server() -> Iterator[dict[str, str]]:
    with buckets.server() as variables:
        yield variables


@pytest.fixture
def bucket(
    bucket_server: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: pathlib.Path,
) -> str:
    """Root of a lake of the test's own in a bucket."""
    for name, value in bucket_server.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return f"s3a://{buckets.BUCKET}/{tmp_path.name}"
