"""A day of the demo as a person runs it, with PostgreSQL, while somebody watches every command line and every file."""

import contextlib
import dataclasses
import datetime
import os
import pathlib
import re
import subprocess
import sys
import threading
import urllib.parse
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.run.spark_server import running as spark_server
from tests.ports import free_port
from tests.services.postgres.server import PASSWORD
from tests.services.postgres.server import running as postgres

ROOT = pathlib.Path(__file__).parents[3]
DATE = datetime.date(2026, 10, 1)
# One by variable, the others by file; what each is for needs not ask for it, so none has to be right but PostgreSQL's.
BY_VARIABLE = {"MOOVITAMIX_API_TOKEN": "planted-token-71", "MLFLOW_TRACKING_PASSWORD": "planted-registry-72"}
BY_FILE = {"MOOVITAMIX_MAIL_PASSWORD": "planted-mail-73", "MOOVITAMIX_SUPPRESSION_KEY": "planted-suppression-74"}
SECRETS = [*BY_VARIABLE.values(), *BY_FILE.values(), PASSWORD, urllib.parse.quote(PASSWORD, safe="")]


class Watcher(threading.Thread):
    """Every command line that any process of the machine has, from the beginning to the end."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.seen: set[bytes] = set()
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.1):
            for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
                with contextlib.suppress(OSError):
                    self.seen.add(path.read_bytes())


@dataclasses.dataclass
class Run:
    folder: pathlib.Path
    environment: dict[str, str]
    remote: str
    api: str
    mart: str
    watcher: Watcher
    said: list[str]

    @property
    def lake(self) -> pathlib.Path:
        return self.folder / "lake"

    def luigi(self, module: str, task: str, date: datetime.date) -> None:
        program = str(pathlib.Path(sys.executable).with_name("luigi"))
        options = [
            f"--lake-root={self.lake}", f"--api-base-url={self.api}", f"--spark-remote={self.remote}",
            f"--registry-uri=sqlite:///{self.folder}/mlflow.db", "--als-tune=never",
            "--mail-recipients=ops@moovitamix.example", "--mail-user=ops", "--mail-port=1", "--mail-timeout=1",
        ]  # fmt: skip
        self.call(program, "--module", module, task, "--local-scheduler", f"--date={date}", *options)

    def job(self, name: str, *options: str) -> str:
        return self.call(sys.executable, "-m", "jobs", name, f"--date={DATE}", f"--lake-root={self.lake}", *options)

    def call(self, *command: str) -> str:
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True)
        self.said += [done.stdout, done.stderr]
        assert done.returncode == 0, done.stderr
        return done.stdout

    def contents(self) -> Iterator[tuple[pathlib.Path, str]]:
        """Each file that the run has made, as text, unpacked and decoded."""
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and "secrets" not in path.parts:
                yield path, decoded(path)


def decoded(path: pathlib.Path) -> str:
    data = path.read_bytes()
    if path.suffix == ".parquet":
        return str(pq.read_table(path, partitioning=None).to_pylist())
    codec = "gzip" if data[:2] == b"\x1f\x8b" else "zstd" if data[:4] == b"\x28\xb5\x2f\xfd" else ""
    parts = []
    with (
        contextlib.suppress(OSError),
        pa.CompressedInputStream(pa.py_buffer(data), codec) if codec else pa.BufferReader(data) as stream,
    ):
        while part := stream.read(1 << 16):
            parts.append(part)
    return b"".join(parts).decode(errors="replace")


@pytest.fixture(scope="module")
def day(tmp_path_factory) -> Iterator[Run]:
    """One whole day, published; its Spark server still stands."""
    folder = tmp_path_factory.mktemp("day")
    (folder / "secrets").mkdir()
    given = {name: value for name, value in os.environ.items() if not name.startswith(("MOOVITAMIX", "MLFLOW"))}
    files = {**BY_FILE, "MOOVITAMIX_POSTGRES_PASSWORD": PASSWORD}
    for name, value in files.items():
        (folder / "secrets" / name).write_text(value + "\n")
    environment = {
        **given, **BY_VARIABLE, "PYTHONPATH": str(ROOT), **{f"{name}_FILE": str(folder / "secrets" / name) for name in files}
    }  # fmt: skip
    watcher = Watcher()
    watcher.start()
    api = subprocess.Popen(
        [sys.executable, "-m", "demo_api", "--port=0", f"--as-of={DATE}"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        with postgres() as url, pytest.MonkeyPatch.context() as patch:
            mart = re.sub(r"//owner:[^@]*@", "//owner@", url)
            environment["MOOVITAMIX_POSTGRES_URL"] = mart
            for name, value in environment.items():
                patch.setenv(name, value)
            with spark_server(free_port(), folder / "lake" / "logs" / "spark.log") as remote:
                run = Run(folder, environment, remote, api.stdout.readline().strip(), url, watcher, [])
                run.luigi("tasks.daily", "DailyPipeline", DATE)
                yield run
    finally:
        watcher.ended.set()
        api.terminate()
        api.wait(timeout=20)
