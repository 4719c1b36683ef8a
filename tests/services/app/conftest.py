"""The application as a process, and the servers and programs that it is tried with."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
import requests

from tests.app.lakes import small_lake

ROOT = pathlib.Path(__file__).parents[3]


def program(*names: str) -> str:
    """
    Raises:
        pytest.fail.Exception: none of these programs is installed.
    """
    for name in names:
        if found := shutil.which(name):
            return found
    return pytest.fail(f"{names[0]} is not there: bin/install-servers installs it", pytrace=False)


@contextlib.contextmanager
def running(lake: pathlib.Path, *flags: str, **environment: str) -> Iterator[str]:
    """The URL of an application that answers."""
    command = [sys.executable, "-m", "app", f"--lake-root={lake}", "--app-port=0", *flags]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment})
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        requests.get(f"{url}/health", timeout=60)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(scope="session")
def start() -> Callable[..., contextlib.AbstractContextManager[str]]:
    return running


@pytest.fixture(scope="session")
def find() -> Callable[..., str]:
    return program


@pytest.fixture(scope="session")
def url(tmp_path_factory) -> Iterator[str]:
    """Of an application over a lake of a few rows."""
    root = tmp_path_factory.mktemp("app") / "lake"
    small_lake(root)
    with running(root) as url:
        yield url
