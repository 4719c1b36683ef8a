"""Which server the prompt asks, and that what it started ends with it."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from conf.errors import Refused
from conf.settings import LakeSettings, Settings, SparkSettings
from tasks.run import sql_prompt

given: list[dict[str, str]] = []  # properties of the servers that were started


@pytest.fixture
def started(monkeypatch, tmp_path):
    """Ports of the servers that were started; none is."""
    ports = []

    @contextlib.contextmanager
    def running(port, log, properties):
        ports.append(port)
        given.append(properties)
        yield f"sc://127.0.0.1:{port}"
        ports.append("stopped")

    monkeypatch.setattr(sql_prompt, "running", running)
    monkeypatch.setattr(sql_prompt, "answers", lambda port: False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return ports


def asking(remote="", root="data/lake", conf=""):
    return Settings(lake=LakeSettings(root=root), spark=SparkSettings(remote=remote, conf=conf))


def test_a_server_that_is_named_is_asked_and_none_is_started(started):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        named = f"sc://127.0.0.1:{listening.getsockname()[1]}/;use_ssl=false"
        with sql_prompt.server(asking(named)) as url:
            assert url == named
    assert started == []


def test_one_that_is_named_and_does_not_answer_is_refused_at_once(started):
    with (
        pytest.raises(Refused, match=r"no Spark Connect server answers at sc://127.0.0.1:1;"),
        sql_prompt.server(asking("sc://127.0.0.1:1")),
    ):
        pass
    assert started == []


def test_a_server_that_answers_on_the_usual_port_is_asked(started, monkeypatch):
    monkeypatch.setattr(sql_prompt, "answers", lambda port: port == 15002)
    with sql_prompt.server(asking()) as url:
        assert url == "sc://127.0.0.1:15002"
    assert started == []


def test_else_one_is_started_on_a_port_of_its_own_and_stopped_at_the_end(started, capsys, tmp_path):
    with sql_prompt.server(asking()) as url:
        port, *rest = started
        assert (url, rest) == (f"sc://127.0.0.1:{port}", [])
        assert port != 15002
    assert started == [port, "stopped"]
    assert capsys.readouterr().err == f"starting Spark, some seconds; log in {tmp_path}/moovitamix/spark.log\n"


def test_a_lake_in_a_bucket_gets_one_that_knows_the_bucket(started, monkeypatch):
    """Whoever answers on the usual port may be there for a folder."""
    monkeypatch.setattr(sql_prompt, "answers", lambda port: True)
    monkeypatch.setattr(sql_prompt.storage, "spark_properties", lambda root: {"spark.jars": f"jars for {root}"})
    with sql_prompt.server(asking(root="s3a://bucket/lake", conf="spark.driver.memory=4g")):
        assert started[0] != 15002
    assert given[-1]["spark.jars"] == "jars for s3a://bucket/lake"
    assert given[-1]["spark.driver.memory"] == "4g"


def test_the_exit_code_is_the_prompts():
    assert sql_prompt.client([sys.executable, "-c", "import sys; sys.exit(3)"]) == 3


def test_ctrl_c_is_left_to_the_prompt():
    """Both get the signal of the terminal; the prompt goes on, and so its server must."""
    child = "import os, signal; os.kill(os.getppid(), signal.SIGINT); print('goes on')"
    code = f"import sys; from tasks.run.sql_prompt import client; sys.exit(client([sys.executable, '-c', {child!r}]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "goes on\n")


@pytest.mark.slow
def test_a_closed_terminal_stops_what_was_started(tmp_path):
    code = f"""
import contextlib, sys, tasks.run.sql_prompt as sql
from conf.stopping import stoppable
@contextlib.contextmanager
def server(settings):
    try:
        print("up", flush=True)
        yield "sc://nowhere:1"
    finally:
        print("stopped", flush=True)
sql.server = server
client = sql.client
sql.client = lambda command: client([sys.executable, "-c", "import time; time.sleep(60)"])
sys.argv = ["sql", "--lake-root={tmp_path}"]
with stoppable():
    sys.exit(sql.main())
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "up\n"
        time.sleep(0.3)
        os.kill(process.pid, signal.SIGHUP)
        assert process.stdout.read() == "stopped\n"
        assert process.wait(10) == 128 + signal.SIGHUP
