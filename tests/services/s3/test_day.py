"""A whole day on a cluster with its lake in a bucket, by two machines at once: each step is done once."""

import datetime
import json
import os
import pathlib
import subprocess
import sys
from collections import Counter

import pytest

from conf.contract import ENTITIES
from conf.tables import TABLES
from lake import commits
from lake.access import Lake
from lake.layout import MANIFEST, raw_folder
from lake.storage import place
from tasks.run.spark_server import running
from tests import buckets
from tests.ports import free_port
from tests.services.cluster.machines import DATE, ROOT, machines

pytestmark = pytest.mark.services
LAKE = f"s3a://{buckets.BUCKET}/shared"
DAY = datetime.date.fromisoformat(DATE)


@pytest.fixture(scope="module")
def api():
    command = [sys.executable, "-m", "demo_api", "--port=0", f"--as-of={DATE}"]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        yield server.stdout.readline().strip()
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture(scope="module")
def cluster(variables, tmp_path_factory):
    """Two workers, of which each driver takes one."""
    with machines(tmp_path_factory.mktemp("s3-cluster")) as found:
        found.config.write_text(found.config.read_text().replace("spark.cores.max=2", "spark.cores.max=1"))
        yield found


def luigi(cluster, task, lake, api, *flags, machine=0):
    """A command of a machine that has locks and logs of its own, begun."""
    registry = f"--registry-uri=sqlite:///{cluster.folder}/mlflow.db"
    words = [str(pathlib.Path(sys.executable).with_name("luigi")), "--module", "tasks.daily", task, "--local-scheduler"]
    words += ["--date", DATE, f"--lake-root={lake}", f"--api-base-url={api}", registry, *flags]
    environment = cluster.environment(XDG_STATE_HOME=str(cluster.folder / f"machine{machine}"))
    return subprocess.Popen(
        words, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


@pytest.fixture(scope="module")
def ran(cluster, api):
    """The lake, once two machines have run the date at once, each with a driver of its own."""
    flag = f"--lake-root={LAKE}"
    with cluster.connect_server(flag) as first, cluster.connect_server(flag) as second:
        processes = [
            luigi(cluster, "DailyPipeline", LAKE, api, f"--spark-remote={remote}", machine=number)
            for number, remote in enumerate((first, second))
        ]
        said = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], "\n".join(said)
    assert all("Recommend " in text for text in said)  # neither found the other's work done
    return Lake(LAKE)


def test_every_row_is_there_once(ran):
    for name in ("tracks", "users", "listens", "recommendations", "accounting", "decisions", "similar_tracks"):
        keys = Counter(tuple(row.values()) for row in ran.rows(name, columns=list(TABLES[name].key)))
        assert keys
        assert max(keys.values()) == 1, name
    assert sorted((row["step"], row["decision"]) for row in ran.rows("decisions")) == [
        ("promote", "promote"),
        ("retrain", "train"),
    ]


def test_what_was_fetched_is_all_accounted_for_and_kept_once(ran):
    for row in ran.rows("accounting"):
        outcomes = ("clean", "duplicate", "quarantined", "later", "suppressed")
        assert row["fetched"] == sum(row[name] for name in outcomes)
        folder = raw_folder(LAKE, row["entity"], DAY)
        manifest = json.loads((folder / MANIFEST).read_text())
        assert {path.name for path in folder.iterdir()} == {MANIFEST, *(file["name"] for file in manifest["files"])}
        assert row["rows"] == manifest["rows"]
    assert len(ran.rows("accounting")) == len(ENTITIES)


def test_every_user_has_a_whole_list(ran):
    users = {row["user_id"] for row in ran.rows("users", columns=["user_id"])}
    lists = Counter(row["user_id"] for row in ran.rows("recommendations", columns=["user_id"]))
    assert len(users) > 1000
    assert lists == dict.fromkeys(users, 20)


def test_steps_are_seen_to_be_done_without_spark(ran):
    for table, task in (("listens", "CleanListens"), ("decisions", "PromoteModel"), ("recommendations", "Recommend")):
        assert commits.committed(LAKE, table, task, DAY, 1)
    assert not commits.committed(LAKE, "recommendations", "Recommend", DAY + datetime.timedelta(days=1), 1)


def test_key_of_the_bucket_is_written_nowhere(ran, cluster):
    """Neither in logs, states, registry and executors' folders of the machines, nor in the bucket itself."""
    secret = os.environ["AWS_SECRET_ACCESS_KEY"].encode()
    here = [
        path
        for path in cluster.folder.rglob("*")
        if path.is_file() and not path.is_relative_to(cluster.folder / "python")
    ]
    there = [path for path in place(LAKE).rglob("*") if path.is_file()]
    assert {path.suffix for path in here} >= {".log", ".db"}
    assert any("app-" in str(path) for path in here)
    assert len(there) > 50
    assert [str(path) for path in (*here, *there) if secret in path.read_bytes()] == []


def test_lake_is_found_whole_by_its_check(ran, cluster):
    with cluster.connect_server(f"--lake-root={LAKE}") as remote:
        flags = (f"--lake-root={LAKE}", f"--spark-remote={remote}", "--date", DATE)
        assert " 0 broken" in cluster.do("python", "-m", "jobs", "check", *flags)


def test_lake_holds_what_a_folder_on_one_machine_would(ran, cluster, api, tmp_path):
    """As far as cleaning goes, to the last byte; the model's figures are added up in another order elsewhere."""
    with running(free_port(), tmp_path / "spark.log", "local[2]") as remote:
        process = luigi(cluster, "EvaluateModel", tmp_path / "lake", api, f"--spark-remote={remote}")
        said = process.communicate()[0]
    assert process.returncode == 0, said
    for name in ("tracks", "users", "listens", "quarantine"):
        assert rows(Lake(str(tmp_path / "lake")), name) == rows(ran, name), name


def rows(lake, name):
    return Counter(str(row) for row in lake.rows(name))


def test_step_that_is_submitted_to_the_cluster_writes_to_the_bucket(cluster, api):
    lake = f"s3a://{buckets.BUCKET}/submitted"
    process = luigi(cluster, "CleanTracks", lake, api)
    said = process.communicate()[0]
    assert process.returncode == 0, said
    assert commits.committed(lake, "tracks", "CleanTracks", DAY, 1)
    assert Lake(lake).count("tracks") > 3000
    assert os.environ["AWS_SECRET_ACCESS_KEY"] not in said
