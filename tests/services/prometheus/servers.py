"""A real Prometheus, a real luigid and the real exporter, each a process of its own on a free port."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
import requests
import yaml

from tests.ports import free_port

ROOT = pathlib.Path(__file__).parents[3]
CONF = ROOT / "conf" / "deploy"
PATIENCE = 40  # seconds for a server to come up, or for what is waited for

TASKS = """
import luigi

class Goes(luigi.Task):
    done = False
    def complete(self):
        return self.done
    def run(self):
        self.done = True

class Fails(Goes):
    def run(self):
        raise RuntimeError("as it should")
"""


def installed(program: str) -> str:
    """The program's path; a test fails where it is missing."""
    found = shutil.which(program)
    if not found:
        pytest.fail(f"{program} is not installed; bin/install-servers installs it")
    return found


def until(answer: Callable[[], object], what: str) -> object:
    """The first answer that is true."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with contextlib.suppress(requests.RequestException):
            found = answer()
            if found:
                return found
        time.sleep(0.2)
    raise AssertionError(f"{what}: not within {PATIENCE} s")


@contextlib.contextmanager
def process(command: list, log: pathlib.Path, **environment: str) -> Iterator[subprocess.Popen]:
    with log.open("wb") as output:
        started = subprocess.Popen(
            [str(part) for part in command],
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        )
        try:
            yield started
        finally:
            started.terminate()
            started.wait(timeout=20)


@contextlib.contextmanager
def exporter(root: pathlib.Path, folder: pathlib.Path) -> Iterator[str]:
    """``host:port`` of an exporter over the lake at ``root``, as `make metrics` starts it."""
    log = folder / "exporter.log"
    command = [sys.executable, "-m", "jobs", "exporter", f"--lake-root={root}", "--metrics-port=0"]
    with process(command, log):
        url = until(lambda: next((x for x in log.read_text().splitlines() if x.startswith("http://")), ""), "exporter")
        yield str(url).removeprefix("http://").partition("/")[0]


@contextlib.contextmanager
def luigid(folder: pathlib.Path) -> Iterator[str]:
    """``host:port`` of a luigid with the project's luigi.cfg."""
    port = free_port()
    command = [
        pathlib.Path(sys.executable).with_name("luigid"),
        "--address=127.0.0.1",
        f"--port={port}",
        f"--state-path={folder / 'luigid.pickle'}",
    ]
    with process(command, folder / "luigid.log"):
        until(lambda: requests.get(f"http://127.0.0.1:{port}/metrics", timeout=5).ok, "luigid")
        yield f"127.0.0.1:{port}"


def run_tasks(address: str, folder: pathlib.Path) -> None:
    """Two tasks of a module of their own at a luigid: one that goes well, one that does not."""
    (folder / "small_tasks.py").write_text(TASKS)
    for task in ("Goes", "Fails"):
        command = [pathlib.Path(sys.executable).with_name("luigi"), "--module", "small_tasks", task]
        port = address.rpartition(":")[2]
        options = ["--scheduler-host=127.0.0.1", f"--scheduler-port={port}", "--no-lock"]
        subprocess.run(
            [*map(str, command), *options],
            cwd=ROOT,
            env={"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin"},
            capture_output=True,
        )


class Prometheus:
    """Asks a running Prometheus over its HTTP API."""

    def __init__(self, url: str) -> None:
        self.url = url

    def get(self, path: str, **parameters: str) -> dict:
        answer = requests.get(f"{self.url}/api/v1/{path}", params=parameters, timeout=10)
        body = json.loads(answer.text)
        assert body["status"] == "success", body
        return body["data"]

    def query(self, expression: str) -> list[dict]:
        return self.get("query", query=expression)["result"]

    def value(self, expression: str) -> float:
        (sample,) = self.query(expression)
        return float(sample["value"][1])

    def alerts(self, state: str = "firing") -> set[str]:
        return {a["labels"]["alertname"] for a in self.get("alerts")["alerts"] if a["state"] == state}

    def scraped_again(self) -> None:
        """Wait until every target was scraped and the rules were evaluated after this moment."""
        since = time.time()
        until(lambda: self._oldest() > since, "a scrape and an evaluation")

    def _oldest(self) -> float:
        scrapes = self.query("min(timestamp(up))")
        rules = self.query("min(prometheus_rule_group_last_evaluation_timestamp_seconds)")
        return min((float(found[0]["value"][1]) for found in (scrapes, rules) if found), default=0.0)


@contextlib.contextmanager
def prometheus(folder: pathlib.Path, targets: dict[str, str]) -> Iterator[Prometheus]:
    """A Prometheus with the project's settings, but for the targets' ports and a second's pace."""
    port = free_port()
    settings = yaml.safe_load((CONF / "prometheus" / "prometheus.yml").read_text())
    settings["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    settings["rule_files"] = [str(CONF / "prometheus" / file) for file in settings["rule_files"]]
    targets = {**targets, "prometheus": f"127.0.0.1:{port}"}
    settings["scrape_configs"] = [job for job in settings["scrape_configs"] if job["job_name"] in targets]
    for job in settings["scrape_configs"]:
        job["static_configs"] = [{"targets": [targets[job["job_name"]]]}]
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(settings))
    command = [
        installed("prometheus"),
        f"--config.file={file}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with process(command, folder / "prometheus.log"):
        url = f"http://127.0.0.1:{port}"
        until(lambda: requests.get(f"{url}/-/ready", timeout=5).ok, "prometheus")
        yield Prometheus(url)
