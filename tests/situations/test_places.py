"""Where a command is run: its folder, home, locale, umask and limits, and what a lake's path may hold."""

import json
import os
import pathlib
import resource
import subprocess
import sys

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from conf.command_line import folder_to_make
from conf.errors import BadSetting, Refused
from conf.program import require_java
from conf.settings import parse
from lake import layout, storage

ROOT = pathlib.Path(__file__).parents[2]
ODD = "a b,c=d&e(f)~g@h+i!j:k;l'm$n é e\u0301 音 😀 date=2024-01-01"
REFUSED = [
    "a%20b",
    "50%",
    "a#b",
    "a?b",
    "a*b",
    "a[b]",
    "a{b}",
    "a\\b",
    "a^b",
    "a|b",
    "<a>",
    'a"b',
    "a`b",
    "a\tb",
    "a\nb",
    "\udcff",
]


def run(
    words: list[str], folder: pathlib.Path, shell: str = "", **variables: str | None
) -> subprocess.CompletedProcess:
    """A command of the project, after words of a shell; a variable that is None is not there."""
    given = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    environment = {name: value for name, value in given.items() if value is not None}
    command = ["sh", "-c", f'{shell}\nexec "$0" "$@"', sys.executable, *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize("name", REFUSED)
def test_a_path_that_not_all_would_read_alike_is_refused_before_anything_starts(monkeypatch, tmp_path, name):
    with pytest.raises(BadSetting, match=r"^\[lake\] root: found .*, allowed is a folder .* whose whole path has"):
        parse({"lake": {"root": str(tmp_path / name)}})
    with pytest.raises(BadSetting, match="required is a folder whose whole path has"):
        folder_to_make(str(tmp_path / name))
    (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / name)
    with pytest.raises(BadSetting, match="whole path"):  # a relative path begins in the working folder
        parse({"lake": {"root": "data/lake"}})


def test_any_other_path_works_in_spark_and_without(spark, tmp_path):
    root = tmp_path / ODD
    assert parse({"lake": {"root": str(root)}}).lake.root == str(root)
    path = layout.table_path(root, "plays")
    write_deltalake(path, pa.table({"a": [1, 2]}))
    spark.range(3).toDF("a").write.format("delta").mode("append").save(path)
    spark.range(2).createOrReplaceTempView("gone")
    spark.sql(f"MERGE INTO delta.`{path}` t USING gone s ON t.a = s.id WHEN MATCHED THEN DELETE").collect()
    assert spark.read.format("delta").load(path).count() == 2
    assert DeltaTable(path).to_pyarrow_table().num_rows == 2
    (root / "raw").mkdir()
    (root / "raw" / "part-0.jsonl").write_text('{"a": 1}\n')
    assert spark.read.text([str(root / "raw" / "part-0.jsonl")]).count() == 1


def test_a_lake_behind_a_link_is_that_lake_and_a_link_to_nothing_is_refused(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "good").symlink_to("there")
    (tmp_path / "dangling").symlink_to("nowhere")
    assert folder_to_make(str(tmp_path / "good" / "lake")) == tmp_path / "good" / "lake"
    for lake in ("dangling", "dangling/lake"):
        with pytest.raises(BadSetting, match="dangling is a link to nowhere, which is not there"):
            folder_to_make(str(tmp_path / lake))


def test_a_lake_that_cannot_be_written_is_refused(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(BadSetting, match="is a file, required is a folder"):
        folder_to_make(str(tmp_path / "file" / "lake"))
    monkeypatch.setattr(os, "access", lambda place, mode: not mode & os.W_OK)
    with pytest.raises(BadSetting, match=f"{tmp_path} cannot be written by this user"):
        folder_to_make(str(tmp_path / "lake"))


@pytest.mark.slow
@pytest.mark.parametrize("lake", ["dangling", "file", "a%20b"])
def test_a_day_in_a_wrong_place_ends_in_one_line_before_a_step(tmp_path, lake):
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "file").touch()
    luigi = str(pathlib.Path(sys.executable).with_name("luigi"))
    done = run(
        [luigi, "--module", "tasks.daily", "DailyPipeline", "--local-scheduler", f"--lake-root={lake}"], tmp_path
    )
    assert (done.returncode, done.stderr.count("\n"), done.stderr[:7]) == (2, 1, "error: "), done.stderr


@pytest.mark.parametrize("text", ["~/lake", "~nobody-of-this-name/lake"])
def test_a_home_folder_that_nobody_knows_is_refused(monkeypatch, text):
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)  # as it does without HOME and without an entry
    with pytest.raises(BadSetting, match=r"\[lake\] root: found '~.*no home folder is known"):
        parse({"lake": {"root": text}})
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    with pytest.raises(Refused, match="set HOME or XDG_STATE_HOME"):
        layout.state_folder()


def test_a_user_id_without_a_name_is_refused_before_java_starts(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 123_456)
    with pytest.raises(BadSetting, match="the user id 123456 has no entry"):
        require_java()


def test_a_state_folder_that_is_not_absolute_counts_as_none(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", "state")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert layout.state_folder() == tmp_path / ".local" / "state" / "moovitamix"


@pytest.mark.slow
@pytest.mark.parametrize(
    "variables",
    [
        {"HOME": None},
        {"HOME": ""},
        {"HOME": "/nowhere"},
        {"LC_ALL": "C", "LANG": None},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LC_ALL": "xx_XX.ISO-8859-1", "PYTHONIOENCODING": "latin-1"},
        {"TZ": "Mars/Base"},
        {"TZ": "XXX+25:30"},
        {"TMPDIR": "/nowhere"},
        {"USER": "n" * 100, "LOGNAME": "n" * 100},
    ],
    ids=lambda variables: "-".join(f"{name}" for name in variables),
)
def test_a_command_prints_the_same_wherever_it_is_run(tmp_path, variables):
    lake = tmp_path / "lac d’été 音楽"
    words = ["-m", "tasks.run.show_settings", "lake.root", f"--lake-root={lake}", "--format=json"]
    done = run(words, tmp_path, **variables)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["value"] == str(lake)
    refused = run(["-m", "jobs", "status", f"--lake-root={lake}"], tmp_path, **variables)
    assert (refused.returncode, str(lake) in refused.stderr) == (2, True)


LOOK = (
    "import os, resource; from conf.program import settle; settle(); open('file', 'w'); os.mkdir('folder'); "
    "print(oct(os.stat('file').st_mode)[-3:], oct(os.stat('folder').st_mode)[-3:], "
    "resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("umask", "file", "folder"),
    [("000", "664", "775"), ("022", "644", "755"), ("077", "600", "700"), ("777", "600", "700")],
)
def test_others_never_write_to_a_lake_and_its_owner_can_read_it(tmp_path, umask, file, folder):
    done = run(["-c", LOOK], tmp_path, shell=f"umask {umask}")
    assert done.stdout.split()[:2] == [file, folder], done.stderr


@pytest.mark.slow
def test_a_low_limit_of_files_is_raised_and_one_that_cannot_be_is_refused(tmp_path):
    wanted = min(4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    assert int(run(["-c", LOOK], tmp_path, shell="ulimit -S -n 64").stdout.split()[-1]) == wanted
    done = run(["-m", "jobs", "status"], tmp_path, shell="ulimit -n 64")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "ulimit -n: found 64" in done.stderr


def test_a_relative_lake_is_one_place_for_a_task_and_its_job(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert storage.absolute("data/lake") == str(tmp_path / "data" / "lake")
