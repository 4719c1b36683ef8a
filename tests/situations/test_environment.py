"""Variables that another program has set: none steers a command of the project, or what it starts."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import urllib.request

import pyarrow as pa
import pytest
import requests
from deltalake import write_deltalake
from requests.utils import should_bypass_proxies

from conf.environment import cleaned, foreign
from conf.errors import BadSetting, Refused
from conf.program import require_java
from conf.tables import SCHEMA
from jobs.runtime.session import await_server
from lake.schema_version import write_schema
from tasks.run.probe import free_port

ROOT = pathlib.Path(__file__).parents[2]
PROXY = "http://127.0.0.1:9"  # nothing answers there
WORST = {
    "SPARK_HOME": "/opt/another-spark",
    "SPARK_CONF_DIR": "/opt/another-spark/conf",
    "SPARK_REMOTE": "sc://elsewhere:15002",
    "SPARK_MASTER": "spark://elsewhere:7077",
    "SPARK_DIST_CLASSPATH": "/opt/hadoop/*",
    "SPARK_DRIVER_MEMORY": "1m",
    "SPARK_LOCAL_IP": "192.0.2.1",
    "SPARK_ANSI_SQL_MODE": "false",
    "MASTER": "yarn",
    "HADOOP_CONF_DIR": "/etc/hadoop/conf",
    "HADOOP_HOME": "hadoop",
    "HADOOP_TOKEN_FILE_LOCATION": "/nowhere",
    "PYSPARK_DRIVER_PYTHON": "jupyter",
    "PYSPARK_DRIVER_PYTHON_OPTS": "notebook",
    "PYSPARK_SUBMIT_ARGS": "--master yarn pyspark-shell",
    "PYSPARK_GATEWAY_PORT": "1",
    "_JAVA_OPTIONS": "-Xmx1m",
    "MLFLOW_TRACKING_URI": "http://elsewhere:5000",
    "MLFLOW_RUN_ID": "0123456789abcdef",
    "MLFLOW_EXPERIMENT_NAME": "another",
    "PGHOST": "elsewhere",
    "PGHOSTADDR": "192.0.2.1",
    "PGSERVICE": "another",
    "PGOPTIONS": "-c search_path=another",
    "PGCLIENTENCODING": "LATIN1",
    "PYTHONOPTIMIZE": "2",
    "PYTHONIOENCODING": "ascii",
    "PYTHONSTARTUP": "/nowhere.py",
    "NUMBA_DISABLE_JIT": "1",
}
KEPT = {
    "MOOVITAMIX_API_TOKEN": "t",
    "JAVA_TOOL_OPTIONS": "-Djavax.net.ssl.trustStore=/etc/trust",
    "MLFLOW_TRACKING_PASSWORD": "p",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "9",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_WORKSPACE": "music",
    "PGPASSWORD": "p",
    "PGSSLROOTCERT": "/etc/root.pem",
    "AWS_REGION": "us-east-1",
    "REQUESTS_CA_BUNDLE": "/etc/ca.pem",
    "OMP_NUM_THREADS": "1",
    "SPARK_MASTER_PORT": "7078",
    "LUIGI_CONFIG_PATH": "/etc/luigi.cfg",
    "SOMETHING_ELSE": "1",
}
PROXIES = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy", "grpc_proxy", "HTTP_PROXY", "HTTPS_PROXY"), PROXY)


@pytest.mark.parametrize("name", WORST)
def test_a_variable_of_another_program_does_not_reach_what_is_started(name):
    assert cleaned({name: WORST[name]}, cluster=False).get(name) != WORST[name]


@pytest.mark.parametrize("name", KEPT)
def test_a_variable_that_is_meant_for_the_project_is_passed_on(name):
    assert cleaned({name: KEPT[name]}, cluster=False)[name] == KEPT[name]


@pytest.mark.parametrize("name", ["HADOOP_CONF_DIR", "YARN_CONF_DIR", "SPARK_LOCAL_IP"])
def test_a_cluster_gets_what_says_where_it_is(name):
    assert cleaned({name: "x"})[name] == "x"
    assert name not in cleaned({name: "x"}, cluster=False)


@pytest.mark.parametrize("given", ["", "example.org", "example.org, .corp", "127.0.0.1"])
@pytest.mark.parametrize("spelling", ["no_proxy", "NO_PROXY"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_loopback_never_goes_by_a_proxy(monkeypatch, given, spelling, host):
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in cleaned({**PROXIES, spelling: given}).items():
        monkeypatch.setenv(name, value)
    assert urllib.request.proxy_bypass(f"{host}:80")
    assert should_bypass_proxies(f"http://{host}:80", no_proxy=None)
    assert os.environ["no_proxy"] == os.environ["NO_PROXY"], "gRPC reads the small one alone"
    assert all(name in os.environ["no_proxy"] for name in given.replace(",", " ").split())
    assert not should_bypass_proxies("http://192.0.2.1:80", no_proxy=None), "what is outside still does"


def test_a_star_in_no_proxy_means_no_proxy_at_all():
    left = cleaned({**PROXIES, "no_proxy": "*"})
    assert not [name for name in left if name.lower().endswith("_proxy") and left[name] == PROXY]


def test_a_user_id_without_a_name_goes_by_its_number(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 123_456)
    assert cleaned({})["LOGNAME"] == "123456"
    assert "LOGNAME" not in cleaned({"USER": "somebody"})


def test_a_foreign_folder_on_pythons_path_is_taken_unless_it_hides_a_package(tmp_path):
    for package in ("own/mine", "foreign/pyspark", "shadow/conf"):
        (tmp_path / package).mkdir(parents=True)
        (tmp_path / package / "__init__.py").touch()
    given = os.pathsep.join(str(tmp_path / name) for name in ("foreign", "own", "shadow"))
    left = cleaned({"PYTHONPATH": given})
    assert left["PYTHONPATH"] == str(tmp_path / "own")
    assert not left["SPARK_HOME"].startswith(str(tmp_path))
    assert cleaned({"PYTHONPATH": str(ROOT)})["PYTHONPATH"] == str(ROOT)


def test_what_hides_nothing_stays_on_pythons_path_and_is_not_complained_of(tmp_path):
    (tmp_path / "folder" / "app").mkdir(parents=True)  # no package, so that ours goes before it
    (tmp_path / "link").symlink_to(ROOT)
    for entry in ("folder", "link"):
        assert cleaned({"PYTHONPATH": f"{tmp_path / entry}"})["PYTHONPATH"] == str(tmp_path / entry)
    before = {"PYTHONPATH": f":{tmp_path / 'folder'}:"}  # as PYTHONPATH=$PYTHONPATH:… gives it
    assert foreign(before, cleaned(before)) == []
    before = {"PYTHONPATH": ":"}
    assert foreign(before, cleaned(before)) == []


@pytest.mark.parametrize(("given", "left"), [("error", None), ("ignore,error::DeprecationWarning", "ignore")])
def test_a_warning_of_a_library_does_not_end_a_command(given, left):
    assert cleaned({"PYTHONWARNINGS": given}).get("PYTHONWARNINGS") == left


@pytest.mark.parametrize(("release", "said"), [(None, "has no bin/java"), ('JAVA_VERSION="11.0.2"', "is Java 11")])
def test_a_wrong_java_home_is_refused_before_anything_starts(tmp_path, release, said):
    if release:
        (tmp_path / "bin").mkdir()
        shutil.copy("/bin/true", tmp_path / "bin" / "java")
        (tmp_path / "release").write_text(release)
    with pytest.raises(BadSetting, match=rf"JAVA_HOME: found .*{said}.*Java 17 or later"):
        require_java({"JAVA_HOME": str(tmp_path)})


def test_a_machine_without_java_is_told_so(tmp_path):
    with pytest.raises(BadSetting, match="no Java was found"):
        require_java({"PATH": str(tmp_path)})


@pytest.mark.slow
@pytest.mark.parametrize(
    "command", [["luigi", "--module", "tasks.daily", "DailyPipeline", "--local-scheduler"], ["nightly"]]
)
def test_a_day_under_a_wrong_java_home_ends_in_one_line(tmp_path, command):
    module = [sys.executable, "-m", "tasks.run.nightly"]
    words = module if command == ["nightly"] else [str(pathlib.Path(sys.executable).with_name("luigi")), *command[1:]]
    done = run([*words, f"--lake-root={tmp_path / 'lake'}"], tmp_path, JAVA_HOME="/nowhere")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert not (tmp_path / "lake").exists()


def test_a_wait_for_a_spark_server_says_what_for_and_ends(caplog):
    port = free_port()
    with caplog.at_level("INFO"), pytest.raises(Refused, match=rf"nothing answered at 127.0.0.1:{port}.*required is"):
        await_server(f"sc://127.0.0.1:{port}", patience=0.01)
    assert f"waiting for the Spark Connect server at 127.0.0.1:{port}" in caplog.text


def run(words: list[str], folder: pathlib.Path, **variables: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)


@pytest.mark.slow
def test_a_command_takes_nothing_foreign_says_so_once_and_starts_java_with_the_rest(tmp_path):
    """The real server's command, with a Java that writes down what it was given."""
    java = tmp_path / "java" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\nenv -0 >'{tmp_path}/found'\nexit 3\n")
    java.chmod(0o755)
    variables = {**WORST, **PROXIES, "PYTHONWARNINGS": "error", "LC_ALL": "C", "TZ": "Mars/Base", "LANG": ""}
    done = run(
        [sys.executable, "-m", "tasks.run.spark_server"],
        tmp_path,
        **variables,
        JAVA_HOME=str(java.parents[1]),
        XDG_STATE_HOME=str(tmp_path),
    )
    [line] = [line for line in done.stderr.splitlines() if line.startswith("not taken from the environment: ")]
    silent = {name for name in WORST if not re.search(rf"\b{name}\b", line)}
    assert silent == {"SPARK_LOCAL_IP", "HADOOP_CONF_DIR", "HADOOP_HOME", "HADOOP_TOKEN_FILE_LOCATION"}
    found = dict(pair.split("=", 1) for pair in (tmp_path / "found").read_text().split("\0") if pair)
    assert {name for name in WORST if found.get(name) == WORST[name]} == set()
    assert (found["TZ"], found["LC_ALL"], found["PYSPARK_PYTHON"]) == ("UTC", "C.UTF-8", sys.executable)
    assert found["SPARK_HOME"].endswith("/pyspark")
    assert found["http_proxy"] == PROXY
    assert "127.0.0.1" in found["no_proxy"].split(",")


@pytest.mark.slow
def test_an_option_that_java_does_not_know_is_named(tmp_path):
    lake = tmp_path / "lake"
    lake.mkdir()
    words = [sys.executable, "-m", "tasks.run.sql_prompt", "--query=SELECT 1", f"--lake-root={lake}"]
    done = run(words, tmp_path, JAVA_TOOL_OPTIONS="-XX:NoSuchOption", XDG_STATE_HOME=str(tmp_path))
    assert done.returncode == 1
    assert re.search(
        r"^error: the Spark Connect server ended with code 1 \(.*NoSuchOption.*\); see ", done.stderr, re.M
    )


@pytest.mark.slow
def test_spark_answers_in_the_worst_environment_of_all(tmp_path):
    """A server and its client by the real command; names that are not ASCII, in a locale that knows none."""
    lake = tmp_path / "lac d’été 音楽 😀"
    write_deltalake(lake / "tracks", pa.table({"track_id": [1], "name": ["Äpfel 🍏"]}))
    write_schema(str(lake), SCHEMA)
    variables = {**WORST, **PROXIES, "PYTHONWARNINGS": "error", "LC_ALL": "C", "TZ": "XXX+25", "LANG": ""}
    words = [sys.executable, "-m", "tasks.run.sql_prompt", "--query=SELECT name FROM tracks", "--format=csv"]
    done = run([*words, f"--lake-root={lake}"], tmp_path, **variables, XDG_STATE_HOME=str(tmp_path / "s"))
    assert done.returncode == 0, done.stderr
    assert "Äpfel 🍏" in done.stdout


def test_requests_asks_loopback_directly_in_this_process(monkeypatch):
    for name, value in cleaned(PROXIES).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(requests.ConnectionError) as refused:
        requests.get(f"http://127.0.0.1:{free_port()}", timeout=5)
    assert "ProxyError" not in repr(refused.value)
