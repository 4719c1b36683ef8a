"""``import tasks`` tells of a file of settings that cannot be read, as whoever imports it can use."""

import os
import pathlib
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

ROOT = pathlib.Path(__file__).parents[2]
SAID = "luigi.cfg: line 1 cannot be read"


def python(folder: pathlib.Path, *words: str) -> subprocess.CompletedProcess:
    (folder / "luigi.cfg").write_text("no section\n")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True, timeout=60
    )


def test_a_program_of_others_gets_an_exception(tmp_path):
    caught = "try:\n import tasks\nexcept Exception as error:\n print(type(error).__name__, error)"
    done = python(tmp_path, "-c", caught)
    assert done.stdout.startswith(f"BadSetting {SAID}")
    assert done.returncode == 0


@pytest.mark.parametrize("words", [["-m", "tasks.run.nightly"], ["-m", "cli.entry", "nightly"]])
def test_a_command_ends_with_one_line_and_code_2(tmp_path, words):
    done = python(tmp_path, *words)
    assert (done.returncode, done.stdout) == (2, "")
    [line] = done.stderr.splitlines()
    assert line.startswith(f"error: {SAID}")
