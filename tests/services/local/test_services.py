"""Every service as a plain process, and a day that runs through all of them: what ``make up-local`` gives."""

import os
import pathlib
import subprocess
import tempfile
import time
from collections.abc import Callable

import psycopg
import pytest
import requests
from deltalake import DeltaTable

from tasks.run.services import PORTS, installed, variable
from tests.chaos.processes import of_folder
from tests.ports import free_port

pytestmark = pytest.mark.services

ROOT = pathlib.Path(__file__).parents[3]
PATIENCE = 420  # seconds for a day on a cluster that starts with it, on a busy machine


class Services:
    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.ports = {service: free_port() for service in PORTS}
        given = {variable(service): str(port) for service, port in self.ports.items()}
        config = folder / "luigi.cfg"
        config.parent.mkdir(parents=True)
        # A quick first day: that the services work together is what is looked at.
        config.write_text((ROOT / "luigi.cfg").read_text() + "\n[als]\ntune = never\nrank = 8\n")
        page = {"SPARK_MASTER_PAGE_PORT": str(free_port())}
        self.environment = {**os.environ, **given, **page, "LUIGI_CONFIG_PATH": str(config)}

    def do(self, what: str) -> str:
        command = ["make", "--silent", "-o", "setup", f"{what}-local", f"UP={self.folder}"]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def url(self, service: str, path: str) -> str:
        return f"http://127.0.0.1:{self.ports[service]}{path}"

    def json(self, service: str, path: str) -> dict:
        return requests.get(self.url(service, path), timeout=20).json()

    def logs(self) -> str:
        files = [*self.folder.glob("lake/logs/daily*"), *self.folder.glob("logs/pipeline*")]
        return "\n".join(file.read_text() for file in files)


@pytest.fixture(scope="module")
def services():
    for service in ("postgres", "prometheus"):
        assert installed(service), f"{service} is not installed: bin/install-servers installs it"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        pathlib.Path(folder).chmod(0o755)  # where root runs the tests, PostgreSQL runs as somebody else
        found = Services(pathlib.Path(folder) / "up")
        try:
            found.do("up")
            wait(lambda: " is complete" in found.logs(), found.logs)
            wait(lambda: requests.get(found.url("app", "/health"), timeout=20).status_code == 200, found.logs)
            yield found
        finally:
            found.do("down")
        assert of_folder(found.folder) == []


def wait(true: Callable[[], bool], told: Callable[[], str]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, told()
        time.sleep(1)


def test_the_application_serves_from_the_mart_what_the_pipeline_wrote_to_the_lake(services):
    lists = DeltaTable(services.folder / "lake" / "recommendations").to_pyarrow_table().to_pylist()
    user = next(row["user_id"] for row in lists if row["source"] == "als")
    wanted = [row["track_id"] for row in sorted(lists, key=lambda row: row["rank"]) if row["user_id"] == user]
    answer = services.json("app", f"/users/{user}/recommendations?k={len(wanted)}")
    assert [row["track"]["track_id"] for row in answer["recommendations"]] == wanted
    password = (services.folder / "secrets" / "postgres").read_text().strip()
    with psycopg.connect(
        host="127.0.0.1",
        port=services.ports["postgres"],
        user="moovitamix",
        dbname="moovitamix",
        password=password,
    ) as mart:
        counted = mart.execute("SELECT count(*) FROM recommendations").fetchone()
    assert counted == (len(lists),)


def test_the_steps_ran_by_luigid_on_two_workers_of_a_cluster(services):
    asked = services.url("luigid", '/api/task_list?data={"status":"DONE","upstream_status":""}')
    tasks = requests.get(asked, timeout=20).json()["response"]
    assert {"CleanListens", "Recommend", "Publish", "HealthReport"} <= {name.split("_")[0] for name in tasks}
    page = f"http://127.0.0.1:{services.environment['SPARK_MASTER_PAGE_PORT']}/json/"
    cluster = requests.get(page, timeout=20).json()
    assert [worker["coresused"] for worker in cluster["workers"]] == [1, 1]


def test_the_model_is_in_the_registrys_server(services):
    found = services.json("mlflow", "/api/2.0/mlflow/registered-models/alias?name=recommender&alias=champion")
    assert found["model_version"]["version"] == "1"


def test_prometheus_has_every_target_and_the_day(services):
    def up() -> bool:
        targets = services.json("prometheus", "/api/v1/targets")["data"]["activeTargets"]
        health = {target["labels"]["job"]: target["health"] for target in targets}
        return health == dict.fromkeys(("moovitamix", "luigid", "app", "prometheus"), "up")

    wait(up, lambda: str(services.json("prometheus", "/api/v1/targets")))
    wait(
        lambda: services.json("prometheus", "/api/v1/query?query=moovitamix_users_served")["data"]["result"] != [],
        services.logs,
    )


def test_once_more_up_leaves_them_as_they_are(services):
    before = services.do("status")
    services.do("up")
    pids = [
        [line.split()[3] for line in text.splitlines() if "RUNNING" in line] for text in (before, services.do("status"))
    ]
    assert len(pids[0]) == len(PORTS) + 3  # two workers and the pipeline
    assert pids[0] == pids[1]
