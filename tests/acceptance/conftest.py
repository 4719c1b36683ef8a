"""The real thing, for acceptance tests: servers in processes of their own, and luigi as a person types it."""

import contextlib
import dataclasses
import os
import pathlib
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
import requests

ROOT = pathlib.Path(__file__).parents[2]
REAL_LISTENS = ROOT.parent / "shared" / "real_api" / "serve.py"


@dataclasses.dataclass(frozen=True)
class Api:
    """A server of the MooVitamix contract that stands at the end of a day."""

    url: str

    def move_to(self, date: str) -> None:
        requests.post(f"{self.url}/_as_of/{date}", timeout=60).raise_for_status()


@contextlib.contextmanager
def serving(*command: str) -> Iterator[Api]:
    """A server whose first line of output is its URL."""
    process = subprocess.Popen([sys.executable, *command], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield Api(process.stdout.readline().strip())
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(scope="module")
def real_listens() -> Iterator[Api]:
    if not REAL_LISTENS.exists():
        pytest.skip(f"the real listens are not there: {REAL_LISTENS}")
    with serving(str(REAL_LISTENS), "--port=0", "--as-of=2014-12-16") as api:
        yield api


@pytest.fixture(scope="module")
def demo() -> Iterator[Api]:
    with serving("-m", "demo_api", "--port=0", "--as-of=2026-10-01") as api:
        yield api


@pytest.fixture(scope="session")
def luigi() -> Callable[..., subprocess.CompletedProcess]:
    """Runs ``luigi --module tasks.daily …`` from the project's folder, as the README says."""

    def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess:
        command = [
            str(pathlib.Path(sys.executable).with_name("luigi")),
            "--module",
            "tasks.daily",
            *map(str, arguments),
        ]
        return subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )

    return run
