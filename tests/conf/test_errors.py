"""A Refused is an exception like others, which the edge of each command turns into a line and a code."""

import os
import pathlib
import pickle
import subprocess
import sys

import pytest

from conf.errors import BadSetting, Refused, refusals_told

ROOT = pathlib.Path(__file__).parents[2]
SAID = "[clean] max_bad_share: found '7', allowed is a number from 0 to 1"
# Theirs are codes of their own, no Refused at all, and the modules that the others are run by.
OTHER_EDGES = {"tasks/run/nightly.py", "tasks/run/probe.py", "lake/commits.py", "jobs/__main__.py"}
DATE = "--date=2024-03-01"


def test_it_is_caught_as_an_exception_and_keeps_its_message_across_processes():
    with pytest.raises(Exception, match="found 1"):
        raise BadSetting("found 1")
    found = pickle.loads(pickle.dumps(BadSetting("found 1")))
    assert (type(found), found.message, str(found)) == (BadSetting, "found 1", "found 1")


@pytest.mark.parametrize(("kind", "code"), [(Refused, 1), (BadSetting, 2)])
def test_at_the_edge_it_is_one_line_and_its_code(capsys, kind, code):
    with pytest.raises(SystemExit) as ended, refusals_told():
        raise kind("the driver said\n  no\n")
    assert ended.value.code == code
    assert capsys.readouterr().err == "error: the driver said no\n"


def test_at_the_edge_other_errors_stay_what_they_are():
    with pytest.raises(KeyError), refusals_told():
        raise KeyError("x")


def test_every_command_has_an_edge():
    mark = 'if __name__ == "__main__":'
    files = [file for folder in ("app", "jobs", "lake", "tasks") for file in (ROOT / folder).rglob("*.py")]
    blocks = {str(file.relative_to(ROOT)): file.read_text().partition(mark)[2] for file in files}
    without = {
        name
        for name, block in blocks.items()
        if block and not any(edge in block for edge in ("refusals_told()", "run(main, ", "ask(", "answer("))
    }
    # Of the application the edge is in main, where the interrupt is.
    assert without - {"app/__main__.py"} == OTHER_EDGES


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["jobs", "decide", DATE], 2),
        (["jobs", "status", DATE], 2),
        (["jobs", "models"], 2),
        (["jobs", "notify", "--test"], 2),
        (["jobs", "migrate"], 2),
        (["jobs", "sql", "--query=SELECT 1"], 2),
        (["tasks.run.spark_server"], 2),
        (["tasks.run.sql_prompt"], 2),
        (["tasks.run.demo"], 2),
        (["app"], 2),
        (["tasks.run.nightly"], 2),
    ],
    ids=lambda value: value[-1] if isinstance(value, list) else None,
)
def test_a_wrong_setting_ends_a_command_with_one_line(tmp_path, command, code):
    config = tmp_path / "luigi.cfg"
    config.write_text("[clean]\nmax_bad_share = 7\n")
    root = [f"--root={tmp_path}"] if command == ["tasks.run.demo"] else []
    done = subprocess.run(
        [sys.executable, "-m", *command, *root],
        cwd=ROOT,
        env={**os.environ, "LUIGI_CONFIG_PATH": str(config)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout + done.stderr) == (code, f"error: {config}:2: {SAID}\n")
