"""The servers around the pipeline: the demo API, MLflow, PostgreSQL. Each can be killed and started again on its port."""

import datetime
import os
import pathlib
import signal
import subprocess
import sys
import time

import psycopg
import requests

from conf.checkout import ROOT
from tasks.run.probe import answers
from tests.chaos.processes import VARIABLE
from tests.ports import free_port

PATIENCE = 120  # seconds for a server to answer
PASSWORD = "chaos"
# Its helpers for jobs that nobody starts here are seven processes of 200 MB.
QUIET_MLFLOW = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


class Server:
    """A program that listens on ``port``."""

    def __init__(self, name: str, folder: pathlib.Path, command: list[str], port: int, **environment: str) -> None:
        self.name, self.command, self.port = name, command, port
        self.log = folder / f"{name}.log"
        self.environment = {**os.environ, VARIABLE: f"{folder}:servers", **environment}
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        deadline = time.monotonic() + PATIENCE
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} did not start (code {self.process.poll()}); see {self.log}")
            time.sleep(0.1)

    def answers(self) -> bool:
        return answers(self.port)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGINT)  # PostgreSQL waits for no client then

    def _end(self, what: signal.Signals) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, what)
        self.process.wait(timeout=60)


class Api(Server):
    """The demo API; killed, it comes back at the end of the day at which it stood."""

    def __init__(self, folder: pathlib.Path, seed: int, date: datetime.date) -> None:
        self.plain = [sys.executable, "-m", "demo_api", f"--seed={seed}", f"--port={(port := free_port())}"]
        super().__init__("api", folder, [*self.plain, f"--as-of={date}"], port)

    def move_to(self, date: datetime.date) -> None:
        self.command = [*self.plain, f"--as-of={date}"]
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                requests.post(f"http://127.0.0.1:{self.port}/_as_of/{date}", timeout=20).raise_for_status()
                return
            except requests.RequestException:  # it is being killed
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)


def mlflow(folder: pathlib.Path) -> Server:
    port = free_port()
    command = [str(pathlib.Path(sys.executable).with_name("mlflow")), "server", f"--port={port}", "--workers=1"]
    command += [f"--backend-store-uri=sqlite:///{folder}/mlflow.db", f"--artifacts-destination={folder}/artifacts"]
    return Server("mlflow", folder, command, port, **QUIET_MLFLOW)


class Postgres(Server):
    def __init__(self, folder: pathlib.Path) -> None:
        port, password = free_port(), folder / "password"
        password.write_text(PASSWORD)
        super().__init__(
            "postgres",
            folder,
            [str(ROOT / "bin" / "postgres-here"), f"{folder}/postgres", f"{port}", f"{password}"],
            port,
        )

    def answers(self) -> bool:
        """Also after a kill, when it first reads its log."""
        try:
            psycopg.connect(url(self.port), connect_timeout=2).close()
        except psycopg.Error:
            return False
        return True


def url(port: int) -> str:
    return f"postgresql://moovitamix:{PASSWORD}@127.0.0.1:{port}/moovitamix"
