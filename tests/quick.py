"""``pytest --quick``: the tests that one runs at every save. They start no JVM and no server, and none takes seconds.

Left out are ``FOLDERS``, tests that take one of ``FIXTURES``, and those with one of ``MARKS``. What is left cannot
start a JVM unnoticed: where ``java`` would be found stands a script that takes note and fails, and the test fails too.
"""

import os
import pathlib
import tempfile

import pytest

TESTS = pathlib.Path(__file__).parent
FOLDERS = {"acceptance", "bench", "chaos", "services"}  # not even imported
FIXTURES = {"spark", "bucket"}  # a Spark session; a server of S3
MARKS = {"acceptance", "chaos", "long", "services", "slow"}
WHAT_TO_DO = "mark the test as slow, or its parameter: pytest.param(…, marks=pytest.mark.slow)"
JAVA = """#!/bin/sh
echo "$*" >>'{notes}'
echo 'the quick tests start no JVM' >&2
exit 97
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="only tests that start no JVM and no server and are quick")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--quick"):
        config.pluginmanager.register(Quick(), "moovitamix-quick")


class Quick:
    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="no-java-")
        home = pathlib.Path(self._folder.name)
        self._notes = home / "notes"
        java = home / "bin" / "java"
        java.parent.mkdir()
        java.write_text(JAVA.format(notes=self._notes))
        java.chmod(0o755)
        os.environ["JAVA_HOME"] = str(home)
        os.environ["PATH"] = os.pathsep.join([str(java.parent), os.environ["PATH"]])

    def pytest_ignore_collect(self, collection_path: pathlib.Path) -> bool | None:
        is_heavy = collection_path.parent == TESTS and collection_path.name in FOLDERS
        return True if is_heavy else None

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        slow = [item for item in items if not is_quick(item)]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if is_quick(item)]

    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef) -> None:
        if fixturedef.argname in FIXTURES:  # asked for by name while the test runs
            pytest.fail(f"the fixture {fixturedef.argname} is not quick: {WHAT_TO_DO}", pytrace=False)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        if self._notes.exists():
            words = self._notes.read_text().splitlines()[0]
            self._notes.unlink()
            pytest.fail(f"a JVM was started (java {words[:200]}): {WHAT_TO_DO}", pytrace=False)

    def pytest_unconfigure(self) -> None:
        self._folder.cleanup()


def is_quick(item: pytest.Item) -> bool:
    named = set(getattr(item, "fixturenames", ()))
    return not named & FIXTURES and not MARKS & {mark.name for mark in item.iter_markers()}
