import datetime
import multiprocessing
import pathlib
import subprocess
import sys

import luigi
import pytest

from conf.checkout import ROOT
from lake import commits
from lake.layout import MANIFEST, raw_folder
from tasks.base import cause
from tasks.model import DecideRetrain, PromoteModel
from tasks.observe.console import describe
from tasks.run import jvm, spark_server
from tests.processes import is_gone, number_in

DATE = datetime.date(2024, 3, 1)
JOB = [
    str(ROOT / "jobs" / "__main__.py"),
    "promote",
    "--date=2024-03-01",
    "--revision=1",
]


@pytest.fixture
def remote():
    """Sets ``[spark] remote`` for a test."""
    config = luigi.configuration.get_config()
    yield lambda url: config.set("spark", "remote", url)
    config.set("spark", "remote", "")


def test_without_a_server_a_job_goes_through_spark_submit(remote):
    remote("")
    argv = PromoteModel(date=DATE).program_args()
    assert argv[:3] == [str(pathlib.Path(sys.executable).with_name("spark-submit")), "--master", "local[*]"]
    assert argv[argv.index("--properties-file") + 1] == str(ROOT / "conf" / "deploy" / "spark" / "spark-defaults.conf")
    assert "spark.driver.host=127.0.0.1" in argv
    at = argv.index(JOB[0])
    assert argv[at : at + 4] == JOB
    assert "--als-rank=64" in argv[at:]


def test_on_a_cluster_the_driver_is_not_bound_to_this_machine(remote):
    config = luigi.configuration.get_config()
    config.set("spark", "master", "spark://host:7077")
    try:
        argv = PromoteModel(date=DATE).program_args()
    finally:
        config.set("spark", "master", "local[*]")
    assert argv[1:3] == ["--master", "spark://host:7077"]
    assert not [word for word in argv if "spark.driver.host" in word]


@pytest.fixture
def conf():
    """Sets ``[spark] conf`` for a test."""
    config = luigi.configuration.get_config()
    yield lambda text: config.set("spark", "conf", text)
    config.set("spark", "conf", "")


def test_what_a_person_sets_of_spark_stands_above_what_a_step_sets(remote, conf):
    remote("")
    conf("spark.executor.memory=4g\nspark.driver.host=10.0.0.7")
    argv = PromoteModel(date=DATE).program_args()
    assert "spark.executor.memory=4g" in argv
    assert [word for word in argv if word.startswith("spark.driver.host=")] == ["spark.driver.host=10.0.0.7"]
    # The job itself knows of it too: it would else set the partitions for the size of the data.
    assert "--spark-conf=spark.executor.memory=4g\nspark.driver.host=10.0.0.7" in argv


def test_workers_may_have_another_python_than_the_job(remote, conf):
    remote("")
    conf("spark.pyspark.python=/opt/venv/bin/python")
    task = PromoteModel(date=DATE)
    assert task.program_environment()["PYSPARK_PYTHON"] == "/opt/venv/bin/python"
    assert f"spark.pyspark.driver.python={sys.executable}" in task.program_args()
    conf("")
    assert task.program_environment()["PYSPARK_PYTHON"] == sys.executable


def test_a_spark_connect_server_gets_the_same_properties(conf):
    conf("spark.executor.memory=4g")
    words = spark_server.command(15002, "spark://host:7077")
    assert words[words.index("spark.executor.memory=4g") - 1] == "--conf"


def test_with_a_server_a_job_is_a_client_of_it(remote):
    remote("sc://127.0.0.1:15002")
    argv = PromoteModel(date=DATE).program_args()
    assert argv[:5] == [sys.executable, *JOB]
    assert "--spark-remote=sc://127.0.0.1:15002" in argv


def test_a_job_that_needs_no_spark_starts_none(remote):
    remote("")
    assert DecideRetrain(date=DATE).program_args()[0] == sys.executable


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("noise\nerror: tracks: no snapshot; fetch it\nmore\n", "tracks: no snapshot; fetch it"),
        (
            "Traceback (most recent call last):\n  File x\npyspark.errors.AnalysisException: no such column\n  at java\n",
            "pyspark.errors.AnalysisException: no such column",
        ),
        (
            "a.b.UnknownException: (C) no class S3A\n\nJVM stacktrace:\nC.RuntimeException\n\tat x\n",
            "a.b.UnknownException: (C) no class S3A",
        ),
        ("Killed\n", "Killed"),
        ("", "ended with code 9 and said nothing"),
    ],
)
def test_the_cause_of_a_failure_is_one_line(output, said):
    assert cause(output, 9) == said


def test_a_job_that_was_killed_did_not_fail_by_what_it_said_last():
    assert cause("progress: 10 judging 8,775 rows\n", -9) == "killed by SIGKILL after: progress: 10 judging 8,775 rows"
    assert cause("", -15) == "killed by SIGTERM"
    assert cause("error: no space\n", -9) == "no space"


def test_figures_are_told_in_a_line():
    assert (
        describe({"rows_in": 3000, "quarantined": 0, "clean": 2990, "seconds": 1, "reason": "no champion"})
        == "rows in 3,000, clean 2,990, no champion"
    )


def ask(queue, table):
    queue.put(commits.marker_version(table, "decisions/A/1"))


def test_a_marker_is_found_in_a_process_forked_from_one_that_looked_before(tmp_path):
    from lake.access import Lake

    Lake(str(tmp_path)).replace_rows([], "decisions", "decisions/A/1", date=DATE)
    table = str(tmp_path / "decisions")
    assert commits.marker_version(table, "decisions/A/1") == 1
    assert commits.marker_version(table, "decisions/B/1") == -1
    fork = multiprocessing.get_context("fork")
    queue = fork.Queue()
    child = fork.Process(target=ask, args=(queue, table))
    child.start()
    assert queue.get(timeout=60) == 1
    child.join()


def test_the_jvm_compiles_in_full_only_where_there_is_much_data(tmp_path, remote):
    remote("")
    config = luigi.configuration.get_config()
    config.set("lake", "root", str(tmp_path))
    try:
        few = PromoteModel(date=DATE).conf["spark.driver.defaultJavaOptions"]
        folder = raw_folder(tmp_path, "listen_history", DATE)
        folder.mkdir(parents=True)
        (folder / MANIFEST).write_text('{"rows": 200000}')
        many = PromoteModel(date=DATE).conf["spark.driver.defaultJavaOptions"]
    finally:
        config.set("lake", "root", "data/lake")
    assert "-XX:TieredStopAtLevel=1" in few
    assert "-XX:TieredStopAtLevel=1" not in many
    assert "log4j2.configurationFile=file:" in many


def test_the_archive_of_classes_is_used_where_there_is_one(tmp_path):
    archive = tmp_path / "spark.jsa"
    assert "SharedArchiveFile" not in jvm.options(archive=archive)["spark.driver.defaultJavaOptions"]
    archive.touch()
    assert f"-XX:SharedArchiveFile={archive}" in jvm.options(archive=archive)["spark.driver.defaultJavaOptions"]


def test_a_job_ends_with_the_luigi_that_started_it(tmp_path):
    """Killed, Luigi can do nothing more: its job must not go on beside that of the next run."""
    told = tmp_path / "pid"
    code = (
        "import luigi; from tasks.model import DecideRetrain; "
        f"luigi.configuration.get_config().set('lake', 'root', {str(tmp_path)!r}); "
        f"DecideRetrain()._execute(['sh', '-c', 'echo $$ > {told}; exec sleep 60'])"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    job = number_in(told)
    parent.kill()
    parent.wait()
    assert is_gone(job)
