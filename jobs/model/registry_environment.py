"""The environment that MLflow sees: how to reach a server and to log in there, and nothing that steers what is done."""

import contextlib
import os
import re
from collections.abc import Iterator, Mapping

from conf.environment import Fate, fate_of

# MLflow's own are 7 retries of 120 s: a day would wait for an hour.
STEADY = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "60",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
SHORT = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_HTTP_REQUEST_TIMEOUT": "5"}
OF_MLFLOW = re.compile(r"_?MLFLOW_")


@contextlib.contextmanager
def patience(values: Mapping[str, str], override: bool = False) -> Iterator[None]:
    """MLflow's own settings while the block runs; what the environment has set stands, unless ``override``.

    Variables that would steer MLflow (conf/environment.py says which) are taken away meanwhile, and put back.
    """
    before = {name: value for name, value in os.environ.items() if OF_MLFLOW.match(name)}
    for name in before:
        if fate_of(name) is Fate.LEFT_OUT or name.startswith("_"):
            del os.environ[name]
    os.environ.update({name: value for name, value in values.items() if override or name not in os.environ})
    try:
        yield
    finally:
        for name in [name for name in os.environ if OF_MLFLOW.match(name) and name not in before]:
            del os.environ[name]
        os.environ.update(before)
