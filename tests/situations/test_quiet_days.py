"""Days on which little or nothing happens are done as others are, by both ways to run Spark, and told of truly."""

import ast
import datetime
import json
import pathlib
import subprocess
import sys

import pytest

from jobs.model import registry_access
from tasks.run.spark_server import running
from tests.ports import free_port
from tests.situations import quiet_week
from tests.situations.quiet_house import FIRST, house

ROOT = pathlib.Path(__file__).parents[2]
NO_LISTS = "there were no lists of the day before"
NOTHING_NEW = "nobody with a list of the day before played a track that was new to them"

# Users with a list, and why there are no live figures.
EXPECTED = {
    "the first: one user, one track, one play": (0, NO_LISTS),  # who has heard every track has a list of none
    "an ordinary day": (8, NO_LISTS),
    "nobody plays": (8, NOTHING_NEW),
    "all play what they know": (8, NOTHING_NEW),
    "every user is new, and only they play": (2, NOTHING_NEW),
    "all tracks left": (0, NOTHING_NEW),
    "every row is bad": (0, NO_LISTS),
    "nothing is served": (0, NO_LISTS),
}
SUBMITTED = ["an ordinary day", "nobody plays"]


@pytest.fixture(scope="module")
def over_connect(tmp_path_factory) -> dict:
    """The whole week, by a client of a Spark Connect server, as the nightly run does it."""
    folder = tmp_path_factory.mktemp("week")
    with running(free_port(), folder / "spark.log") as url:
        command = [sys.executable, "-m", "tests.situations.quiet_week", str(folder), url]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert not done.returncode, done.stderr[-4000:]
    return json.loads(done.stdout)


def held(found: dict, date: datetime.date, lists: int, why: str) -> None:
    """The day is done, and nothing that is told of it is untrue."""
    assert found["recommend"]["als"] + found["recommend"]["popular"] == lists
    assert f"live     no figures: {why}" in found["summary"]
    assert f"last day done  {date}" in found["status"]
    assert "missing days   none" in found["status"]
    assert "without lists" not in found["health"]
    assert all(str(date) in subject for subject in found["mails"])
    assert found["metrics"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPECTED)
def test_a_day_is_done_over_a_connect_server(over_connect, name):
    held(over_connect[name], FIRST + datetime.timedelta(days=list(EXPECTED).index(name)), *EXPECTED[name])


@pytest.mark.slow
def test_lists_of_a_model_are_held_against_nothing(over_connect):
    """The days are those of a lake with a champion: its factors of nobody travel to the server too."""
    assert over_connect["nobody plays"]["recommend"]["als"]


def test_a_day_is_done_by_submitted_jobs(spark, tmp_path):
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    registry_access.create(uri)
    with house(tmp_path, uri, spark) as at:
        at.date = FIRST  # as over a Connect server, they are the days after it
        found = quiet_week.run(at, SUBMITTED)
    for day, name in enumerate(SUBMITTED):
        held(found[name], FIRST + datetime.timedelta(days=day + 1), *EXPECTED[name])


def test_spark_is_given_no_rows_without_their_columns():
    """A Connect server takes no empty table without its schema, and any table of a quiet day may be empty."""
    bare = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in (ROOT / "jobs").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "createDataFrame"
        if len(node.args) + len(node.keywords) < 2 and path.name != "frames.py"
    ]
    assert not bare, f"use jobs.runtime.frames.frame, or give a schema: {bare}"
