"""The plain ``luigi`` command: what it prints and ends with, refused before a step runs, in one, and elsewhere."""

import os
import pathlib
import subprocess
import sys

import pytest

from lake.access import Lake

pytestmark = pytest.mark.slow

ROOT = pathlib.Path(__file__).parents[3]
LUIGI = str(pathlib.Path(sys.executable).with_name("luigi"))
DATE = "--date=2024-03-01"

# Steps that are refused where Luigi asks for what it has to know, and one as it runs.
STEPS = """
from conf.errors import Refused
from tasks.base import DatedTask

class Incomplete(DatedTask):
    def complete(self): return False

class Unsure(DatedTask):
    def complete(self): raise Refused("found nothing,\\n required a place")

class Above(Incomplete):
    def requires(self): return [self.clone(Unsure)]

class Needy(Incomplete):
    def requires(self): raise Refused("found nothing, required a place")

class Sour(Incomplete):
    def run(self): raise Refused("found nothing,\\n required a place")

class Late(Incomplete):
    def run(self): yield self.clone(Unsure)

class Faulty(DatedTask):
    def complete(self): raise KeyError("place")
"""


@pytest.fixture
def run(tmp_path):
    """Runs the command; its code and the lines of stderr. Nothing is ever printed on stdout."""

    def run(*words: str, module: str = "tasks.daily", config: str = "") -> tuple[int, list[str]]:
        file = tmp_path / "luigi.cfg"
        file.write_text((ROOT / "luigi.cfg").read_text().replace("data/lake", str(tmp_path / "lake")) + config)
        (tmp_path / "steps.py").write_text(STEPS)
        path = os.pathsep.join([str(ROOT), str(tmp_path)])
        done = subprocess.run(
            [LUIGI, "--module", module, *words, "--local-scheduler", "--no-lock"],
            cwd=ROOT,
            env={**os.environ, "LUIGI_CONFIG_PATH": str(file), "PYTHONPATH": path},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.stdout == ""
        return done.returncode, done.stderr.splitlines()

    return run


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["DailyPipeline", "--date=2999-01-01"], "date: 2999-01-01 has not come yet; the last whole day is "),
        (["DailyPipeline", "--date=soon"], "date: found 'soon', required is a day as YYYY-MM-DD, such as "),
        (["DailyPipeline", DATE, "--revision=0"], "--revision: found '0', required is a whole number of at least 1"),
        (
            ["DailyPipeline", DATE, "--postgres-url=postgresql://me:pw@host/db"],
            "--postgres-url: found a URL with a pass",
        ),
        (["DailyPipeline", DATE, "--clean-max-bad-share=7"], "[clean] max_bad_share: found '7', allowed is a number"),
        (["Backfill", "--start=2024-03-04", "--end=2024-03-01"], "--start 2024-03-04 is after --end 2024-03-01"),
        (["DailyPipeline", "--dat=2024-03-01"], "--dat: there is no such flag; did you mean --date?"),
        (["DailyPipeline", "--lake-rot=x"], "--lake-rot: there is no such flag; did you mean --lake-root?"),
        (["DailyPipeline", "--date"], "--date: expected one argument; see luigi"),
        (["DailyPipeline", "--workers=many"], "a flag of luigi's own: "),
        (["Backfill", "--start=2024-03-01"], "Backfill[args=(), kwargs={"),
        (["DailyPipelin"], "No task DailyPipelin. Did you mean: DailyPipeline"),
    ],
    ids=lambda value: value[-1] if isinstance(value, list) else None,
)
def test_a_wrong_command_line_is_one_line_and_code_2(run, tmp_path, words, said):
    code, lines = run(*words)
    assert (code, len(lines)) == (2, 1), lines
    assert lines[0].startswith(f"error: {said}")
    assert not (tmp_path / "lake").exists()


def test_so_is_a_wrong_value_in_the_file(run, tmp_path):
    code, [line] = run("DailyPipeline", DATE, config="\n[clean]\nmax_bad_share = 7\n")
    assert code == 2
    assert line.startswith(f"error: {tmp_path / 'luigi.cfg'}:")
    assert line.endswith(": [clean] max_bad_share: found '7', allowed is a number from 0 to 1")


def test_a_module_that_is_not_there_is_named(run):
    assert run("DailyPipeline", module="tasks.dayly") == (
        2,
        ["error: --module: there is no tasks.dayly; did you mean tasks.daily?"],
    )


@pytest.mark.parametrize("words", [["Unsure"], ["Above"], ["Needy"], ["Above", "--workers=2"]], ids=" ".join)
def test_what_is_refused_before_a_step_runs_ends_the_command(run, words):
    assert run(*words, DATE, module="steps") == (1, ["error: found nothing, required a place"])


@pytest.mark.parametrize("words", [["Sour"], ["Late"], ["Late", "--workers=2"]], ids=" ".join)
def test_what_is_refused_in_a_step_is_a_step_that_failed(run, tmp_path, words):
    code, [line] = run(*words, DATE, module="steps")
    assert code == 30  # [retcode] task_failed
    log = tmp_path / "lake/logs/2024-03-01/day.log"
    assert line.startswith(f"[1/1] {words[0]}  ")
    assert line.endswith(f" s  FAILED: found nothing, required a place (log: {log})")
    assert log.read_text().splitlines()[-1].endswith("FAILED: found nothing, required a place")


@pytest.mark.parametrize(
    ("config", "words", "code"),
    [
        (None, ["Sour"], 30),
        (None, ["Faulty"], 35),
        ("[retcode]\ntask_failed = 7\n", ["Sour"], 7),
        ("", ["Sour", "--retcode-task-failed=8"], 8),
    ],
    ids=["no file", "scheduling", "a file's", "a flag's"],
)
def test_a_step_that_failed_has_its_code_from_any_working_folder(tmp_path, config, words, code):
    (tmp_path / "steps.py").write_text(STEPS)
    if config is not None:
        (tmp_path / "luigi.cfg").write_text(config)
    environment = {name: value for name, value in os.environ.items() if name != "LUIGI_CONFIG_PATH"}
    done = subprocess.run(
        [LUIGI, "--module", "steps", *words, DATE, "--local-scheduler", "--no-lock", "--lake-root=here"],
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)])},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == code
    assert len(done.stderr.splitlines()) == 1, done.stderr  # Luigi's own log is off too
    assert len(Lake(str(tmp_path / "here")).rows("runs")) == (words[0] == "Sour")


def test_a_step_is_kept_in_the_ledger(run, tmp_path):
    run("Sour", DATE, module="steps")
    [row] = Lake(str(tmp_path / "lake")).rows("runs")
    assert (row["task"], row["status"], row["error"]) == ("Sour", "failed", "found nothing, required a place")


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        (["Faulty"], "KeyError: 'place'"),
        # A process that Luigi forked to ask, and that ended, would be waited for without an end.
        (["Unsure", "--parallel-scheduling"], " required a place"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_the_cause_of_a_step_that_cannot_be_asked_is_told_in_a_line(run, words, cause):
    code, [line] = run(*words, DATE, module="steps")
    assert code == 35  # [retcode] scheduling_error
    assert line.endswith(cause)
