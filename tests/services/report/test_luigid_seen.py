"""luigid's page in a real browser while it stands over a real demo day: the graph of the day's steps, all done."""

import os
import pathlib
import subprocess
import sys
import time

import pytest
import requests

from tasks.run.demo import demo_api, last_days
from tasks.run.spark_server import running
from tests.ports import free_port

pytestmark = pytest.mark.services

ROOT = pathlib.Path(__file__).parents[3]
BESIDE = pathlib.Path(sys.executable)
STEPS = {"FetchTracks", "CheckSnapshot", "CleanListens", "TrainModel", "PromoteModel", "Recommend", "HealthReport"}
WIDE = 3620  # pixels that the graph of a day takes


@pytest.fixture(scope="module")
def luigid(tmp_path_factory):
    """The address of a scheduler of our own."""
    port, folder = free_port(), tmp_path_factory.mktemp("luigid")
    command = [BESIDE.with_name("luigid"), "--address=127.0.0.1", f"--port={port}", f"--state-path={folder / 'state'}"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(100):
            try:
                requests.get(f"{address}/static/visualiser/index.html", timeout=2).raise_for_status()
                break
            except requests.ConnectionError:
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(scope="module")
def day(luigid, tmp_path_factory):
    """A demo day that ran through it."""
    folder, (date,) = tmp_path_factory.mktemp("day"), last_days(1)
    with demo_api(folder / "api.log") as api, running(free_port(), folder / "spark.log") as remote:
        command = [
            *(BESIDE.with_name("luigi"), "--module", "tasks.daily", "DailyPipeline", f"--date={date}"),
            f"--scheduler-url={luigid}",
            f"--api-base-url={api}",
            f"--lake-root={folder / 'lake'}",
            f"--registry-uri=sqlite:///{folder / 'mlflow.db'}",
            f"--spark-remote={remote}",
            "--als-tune=never",
        ]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return date


def test_the_graph_of_a_day_shows_every_step_done(look, luigid, day, tmp_path):
    asked = requests.get(
        f"{luigid}/api/task_list", params={"data": '{"status": "DONE", "upstream_status": ""}'}, timeout=9
    )
    (task_id,) = [name for name in asked.json()["response"] if name.startswith("DailyPipeline_")]
    seen = look(f"{luigid}/static/visualiser/index.html#tab=graph&taskId={task_id}&visType=d3", WIDE, scale=0.6)
    nodes = seen.page.locator("svg g.node")
    nodes.first.wait_for(timeout=20_000)
    seen.page.wait_for_timeout(1500)  # it moves its nodes into place
    drawn = {text.removesuffix("DONE") for text in nodes.all_text_contents()}
    assert drawn >= STEPS
    lowest = max(box["y"] + box["height"] for box in (node.bounding_box() for node in nodes.all()))
    folder = pathlib.Path(os.environ.get("MOOVITAMIX_PICTURES") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    seen.picture(folder / "luigid.png", until=lowest + 40)
