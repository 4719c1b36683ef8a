"""Luigi and a job see the same values, whichever files, flags and folders there are."""

import json
import os
import pathlib
import subprocess
import sys

import pytest
from luigi.configuration import LuigiConfigParser

from conf.settings import config_files
from tasks.run import luigi_settings

ROOT = pathlib.Path(__file__).parents[3]
# What a task sees, and what a job with the flags that the task would give it.
BOTH = """
import argparse, dataclasses, json, sys
from luigi.cmdline_parser import CmdlineParser
from conf.settings import SECTIONS, add_flags, as_flags, from_flags
from tasks.run.luigi_settings import settings

with CmdlineParser.global_instance(["ListFlags", *sys.argv[1:]]):
    task = settings()
sys.argv[1:] = []
parser = argparse.ArgumentParser()
add_flags(parser, *SECTIONS)
job = from_flags(parser.parse_args(as_flags(task, *SECTIONS)))
alone = from_flags(parser.parse_args([]))
print(json.dumps([dataclasses.asdict(one) for one in (task, job, alone)]))
"""
TASK = "import luigi\nclass ListFlags(luigi.Task): pass\n"
PART = "[als]\nrank = 9\n[mail]\nuser = part/%(x)s/100%/${HOME}\n"


@pytest.fixture
def seen(tmp_path):
    """What a task, its job, and a job without flags see in the folder; what is refused is its line."""

    def seen(*flags, **variables):
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("MOOVI", "LUIGI"))}
        return subprocess.run(
            [sys.executable, "-c", TASK + BOTH, *flags],
            cwd=tmp_path,
            env={**environment, "PYTHONPATH": str(ROOT), "HOME": "/home/somebody", **variables},
            capture_output=True,
            text=True,
        )

    return seen


def same(done):
    assert done.returncode == 0, done.stderr
    task, job, alone = json.loads(done.stdout)
    assert task == job
    return task, alone


def test_luigi_looks_for_files_where_a_job_does():
    assert tuple(LuigiConfigParser._config_paths[: len(config_files.USUAL)]) == config_files.USUAL


def test_without_a_file_both_have_the_defaults(seen):
    task, alone = same(seen())
    assert task == alone
    assert (task["als"]["rank"], task["lake"]["root"]) == (64, "data/lake")


def test_a_file_in_the_working_folder_is_read_by_both(seen, tmp_path):
    (tmp_path / "luigi.cfg").write_text(PART)
    task, alone = same(seen())
    assert task == alone
    assert (task["als"]["rank"], task["mail"]["user"]) == (9, "part/%(x)s/100%/${HOME}")


def test_a_file_that_is_named_may_hold_a_part_and_the_rest_is_in_the_folders(seen, tmp_path):
    (tmp_path / "luigi.cfg").write_text("[als]\nrank = 3\nalpha = 3\n[lake]\nroot = folders\n")
    (tmp_path / "part.cfg").write_text("[als]\nrank = 9\n")
    task, alone = same(seen(LUIGI_CONFIG_PATH="part.cfg"))
    assert task == alone
    assert (task["als"]["rank"], task["als"]["alpha"], task["lake"]["root"]) == (9, 3, "folders")


def test_a_file_that_is_named_is_read_from_another_folder(seen, tmp_path):
    elsewhere = tmp_path.with_name(f"{tmp_path.name}-conf.cfg")
    elsewhere.write_text("[lake]\nroot = ~/lake\n[registry]\nuri = sqlite:///~/mlflow.db\n")
    task, alone = same(seen(LUIGI_CONFIG_PATH=str(elsewhere)))
    assert task == alone
    assert task["lake"]["root"] == "/home/somebody/lake"
    assert task["registry"]["uri"] == "sqlite:////home/somebody/mlflow.db"


def test_a_flag_goes_before_the_files_also_where_it_is_empty(seen, tmp_path):
    (tmp_path / "luigi.cfg").write_text("[als]\nrank = 3\n[spark]\nremote = sc://host:1\n")
    task, _ = same(seen("--als-rank=5", "--spark-remote=", "--mail-user=a%b"))
    assert (task["als"]["rank"], task["spark"]["remote"], task["mail"]["user"]) == (5, "", "a%b")


def test_a_secret_and_a_url_with_a_password_reach_both_by_the_file(seen, tmp_path):
    """They are on no command line."""
    file = tmp_path / "luigi.cfg"
    file.write_text("[api]\nbase_url = http://me:p%40ss@host\ntoken = 10%\n")
    file.chmod(0o600)
    task, alone = same(seen())
    assert task == alone
    assert (task["api"]["base_url"], task["api"]["token"]) == ("http://me:p%40ss@host", "10%")


@pytest.mark.parametrize(
    ("text", "flags", "variables", "said"),
    [
        ("[api]\ntoken = a\n", [], {}, "luigi.cfg: [api] token is a secret, and others can read the file (mode 0644)"),
        ("[als]\nrnk = 3\n", [], {}, "luigi.cfg:2: [als] rnk: not a setting; known are rank, "),
        ("", [], {"LUIGI_CONFIG_PATH": "none.cfg"}, "LUIGI_CONFIG_PATH: there is no file none.cfg"),
        ("", ["--api-token=a"], {}, "--api-token: a secret is not taken from the command line"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_one_would_read_otherwise_than_the_other_is_refused(seen, tmp_path, text, flags, variables, said):
    (tmp_path / "luigi.cfg").write_text(text)
    done = seen(*flags, **variables)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"conf.errors.BadSetting: {said}")


@pytest.mark.parametrize(
    ("text", "variables", "said"),
    [
        ("rank = 3\n", {}, "luigi.cfg: line 1 cannot be read"),
        ("", {"LUIGI_CONFIG_PARSER": "toml"}, "LUIGI_CONFIG_PARSER: found 'toml'"),
    ],
    ids=["file", "toml"],
)
def test_the_nightly_run_tells_in_a_line_what_luigi_would_tell_with_a_stack(tmp_path, text, variables, said):
    (tmp_path / "luigi.cfg").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "tasks.run.nightly"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
    )
    assert done.returncode
    [line] = done.stderr.splitlines()
    assert line.startswith(f"error: {said}")


def test_luigis_own_sections_are_read_as_luigi_reads_them(tmp_path):
    (tmp_path / "luigi.cfg").write_text(
        "[scheduler]\nname = a\nstate_path = %(name)s/${PLACE}\n[retcode]\nnot_run = 7\n"
    )
    look = (
        "import luigi; from tasks.run.luigi_settings import take_defaults; take_defaults(); "
        "config = luigi.configuration.get_config(); print(config.get('scheduler', 'state_path'), "
        "*[config.get('retcode', name) for name in ('not_run', 'task_failed')])"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PLACE": "b"}
    done = subprocess.run(
        [sys.executable, "-c", look], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["a/b", "7", "30"]


def test_what_a_program_chooses_goes_before_the_files_and_is_taken_as_it_stands(monkeypatch):
    monkeypatch.setattr(luigi_settings, "_chosen", {})
    luigi_settings.use("mail", "user", "100%/%(x)s")
    assert luigi_settings.settings().mail.user == "100%/%(x)s"
