"""A real luigid, and a tiny step under it: what its page and its metrics have to show."""

import contextlib
import datetime
import os
import pathlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
import requests

from lake.layout import day_log, log_file
from tests.ports import free_port

pytestmark = pytest.mark.slow

ROOT = pathlib.Path(__file__).parents[2]
DATE = datetime.date(2024, 3, 1)

# A step whose job tells its progress and goes on when a file is there.
STEP = """
import pathlib, sys
import luigi
from tasks import observe, report

observe.install()

class Tiny(report.HealthReport):
    def requires(self): return []
    def program_args(self): return [sys.executable, "-c", JOB, sys.argv[2]]
    def complete(self): return pathlib.Path(sys.argv[2]).exists()

JOB = '''
import logging, pathlib, sys, time
from jobs.runtime.progress import progress
logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
progress(0.4, "solving <b>users</b>, iteration 4 of 10")
while not pathlib.Path(sys.argv[1]).exists():
    time.sleep(0.05)
progress(0.9, "writing")
pathlib.Path(sys.argv[2].removeprefix("--result=")).write_text("{}")
'''

tasks = [Tiny(date=luigi.DateParameter().parse("2024-03-01"))]
sys.exit(not luigi.build(tasks, scheduler_host="127.0.0.1", scheduler_port=int(sys.argv[1])))
"""


@pytest.fixture
def luigid(tmp_path) -> Iterator[str]:
    """Its URL."""
    with running(free_port(), tmp_path) as url:
        yield url


@contextlib.contextmanager
def running(port: int, folder: pathlib.Path) -> Iterator[str]:
    """A luigid with its state and log in the folder; its URL."""
    command = [str(pathlib.Path(sys.executable).with_name("luigid")), "--address=127.0.0.1", f"--port={port}"]
    with (folder / "luigid.log").open("ab") as output:
        process = subprocess.Popen(
            [*command, f"--state-path={folder / 'state'}"], cwd=ROOT, stdout=output, stderr=output
        )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: answers(url))
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/api/task_list", timeout=5).ok
    except requests.ConnectionError:
        return False


def wait_for(found: Callable, seconds: float = 60) -> object:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = found()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError("it did not come")


def tiny(url: str) -> dict:
    """What luigid's page shows of the step."""
    asked = {"data": '{"status": "", "upstream_status": "", "search": "Tiny"}'}
    tasks = requests.get(f"{url}/api/task_list", params=asked, timeout=5).json()["response"]
    return next(iter(tasks.values()), {})


def start(url: str, go_on: pathlib.Path, lake: pathlib.Path, base_url: str, config: pathlib.Path) -> subprocess.Popen:
    config.write_text((ROOT / "luigi.cfg").read_text().replace("root = data/lake", f"root = {lake}") + base_url)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "LUIGI_CONFIG_PATH": str(config)}
    command = [sys.executable, "-c", STEP, url.rpartition(":")[2], str(go_on)]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)


def test_the_page_shows_how_far_a_step_is_and_links_to_its_report_and_log(luigid, tmp_path):
    go_on, lake = tmp_path / "go", tmp_path / "lake"
    config = "\n[report]\nbase_url = https://health.example.org/days\n"
    running = start(luigid, go_on, lake, config, tmp_path / "luigi.cfg")
    try:
        log = log_file(lake, DATE, "Tiny")
        message = f"solving  b users /b , iteration 4 of 10\nlog: {log}"
        # Luigi sends the percentage and the message in two requests.
        seen = wait_for(lambda: (it := tiny(luigid)).get("status_message") == message and it)
        assert (seen["status"], seen["progress_percentage"]) == ("RUNNING", 40)
        assert seen["tracking_url"] == "https://health.example.org/days/2024-03-01.html"
    finally:
        go_on.touch()
        said = running.communicate(timeout=60)[1]
    assert running.returncode == 0, said
    seen = tiny(luigid)
    assert (seen["status"], seen["progress_percentage"]) == ("DONE", 90)
    assert seen["tracking_url"] == "https://health.example.org/days/2024-03-01.html"
    first, *_ = day_log(lake, DATE).read_text().splitlines()
    assert first.endswith(" Tiny begins")
    metrics = requests.get(f"{luigid}/metrics", timeout=5).text
    assert 'luigi_task_done_total{family="Tiny"} 1.0' in metrics
    assert 'luigi_task_started_total{family="Tiny"} 1.0' in metrics


# A step that notes each of its runs, and then fails or takes its time.
NOTED = """
import pathlib, sys, time
import luigi

class Noted(luigi.Task):
    folder = luigi.Parameter()
    fails = luigi.BoolParameter()
    def complete(self): return (pathlib.Path(self.folder) / "done").exists()
    def run(self):
        with open(pathlib.Path(self.folder) / "runs", "a") as runs: runs.write("x")
        if self.fails: raise ValueError("the API is broken")
        time.sleep(2)
        (pathlib.Path(self.folder) / "done").touch()

task = Noted(folder=sys.argv[2], fails=sys.argv[3] == "fails")
luigi.build([task], scheduler_url=sys.argv[1], detailed_summary=True)
"""


def noted(url: str, folder: pathlib.Path, how: str) -> subprocess.Popen:
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-c", NOTED, url, str(folder), how]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def runs(folder: pathlib.Path) -> int:
    return len((folder / "runs").read_text())


def test_a_step_that_failed_three_times_is_left_alone_also_by_a_luigid_that_was_started_again(tmp_path):
    folder = tmp_path / "broken"
    with running(free_port(), tmp_path) as url:
        for _ in range(4):
            noted(url, folder, "fails").wait(timeout=60)
        assert runs(folder) == 3
    with running(free_port(), tmp_path) as url:
        noted(url, folder, "fails").wait(timeout=60)
    assert runs(folder) == 3


def test_runners_that_share_a_luigid_run_a_step_once_and_others_beside_it(luigid, tmp_path):
    same, other = tmp_path / "same", tmp_path / "other"
    started = [noted(luigid, folder, "works") for folder in (same, same, other)]
    for process in started:
        process.wait(timeout=60)
    assert (runs(same), runs(other)) == (1, 1)
    assert (same / "done").exists()
    assert (other / "done").exists()
