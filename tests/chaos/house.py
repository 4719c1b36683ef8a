"""A pipeline with all that it needs, in a folder of its own: servers, proxies before them, a lake that may be on a small disk."""

import contextlib
import datetime
import os
import pathlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

from conf.checkout import ROOT
from tests.chaos import processes, servers
from tests.chaos.proxy import Proxy
from tests.ports import free_port

DISK_MB = 256
HUNG = 300  # seconds after which a run of bin/daily is ended, and that is a finding
# A day is to be quick: it is not the model that is tried.
FLAGS = ("--als-tune=never", "--als-rank=8", "--als-iterations=3", "--evaluate-min-users=20", "--spark-master=local[2]")


class House:
    def __init__(self, folder: pathlib.Path, seed: int, first: datetime.date, small_disk: bool = False) -> None:
        """``seed`` is of the API's data."""
        self.folder, self.lake = folder, folder / "lake"
        self.temporary = folder / "tmp"
        for made in (self.lake, self.temporary):
            made.mkdir(parents=True)
        folder.chmod(0o755)  # PostgreSQL's user passes through
        self.mounted = small_disk and _mount(self.lake)
        self.spark_port = free_port()
        self.output = folder / "daily.out"
        self.api = servers.Api(folder, seed, first)
        self.mlflow, self.postgres = servers.mlflow(folder), servers.Postgres(folder)
        self.proxies = {server.name: Proxy(server.port) for server in (self.api, self.mlflow, self.postgres)}

    @property
    def tag(self) -> str:
        """What the environment of everything that bin/daily starts carries."""
        return f"{self.folder}:daily"

    def running(self) -> list[processes.Process]:
        return processes.tagged(self.tag)

    def daily(self, date: datetime.date) -> tuple[int, str]:
        """Run one day: its code, and what it said. A run that hangs is ended: its code is -1."""
        begin = self.output.stat().st_size if self.output.exists() else 0
        with self.output.open("ab") as output:
            process = subprocess.Popen(
                self._command(date),
                cwd="/",
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            code = process.wait(timeout=HUNG)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)
            code = -1
        return code, self.output.read_bytes()[begin:].decode(errors="replace").strip()

    def _command(self, date: datetime.date) -> list[str]:
        ports = {name: proxy.port for name, proxy in self.proxies.items()}
        return [
            str(ROOT / "bin" / "daily"),
            f"--date={date}",
            f"--lake-root={self.lake}",
            f"--api-base-url=http://127.0.0.1:{ports['api']}",
            f"--registry-uri=http://127.0.0.1:{ports['mlflow']}",
            f"--daily-spark-port={self.spark_port}",
            *FLAGS,
        ]

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            processes.VARIABLE: self.tag,
            # A killed Spark cannot remove its temporary folders: they are the run's, and go with it.
            "TMPDIR": str(self.temporary),
            "SPARK_LOCAL_DIRS": str(self.temporary),
            "JDK_JAVA_OPTIONS": f"-Djava.io.tmpdir={self.temporary}",
            "MOOVITAMIX_POSTGRES_URL": servers.url(self.proxies["postgres"].port),
        }

    def check(self, date: datetime.date, remote: str) -> tuple[int, str]:
        """``python -m jobs check``: its code, and what it said."""
        command = [sys.executable, "-m", "jobs", "check", f"--date={date}", f"--lake-root={self.lake}"]
        command += [f"--spark-remote={remote}"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        return done.returncode, "\n".join(line for line in done.stdout.splitlines() if line.startswith("BROKEN")) or (
            done.stderr.strip().splitlines() or [""]
        )[-1]

    def close(self) -> None:
        """Stop the servers; what is mounted stays until :meth:`unmount`."""
        for proxy in self.proxies.values():
            proxy.close()
        for server in (self.api, self.mlflow, self.postgres):
            server.stop()

    def end(self) -> None:
        """End whatever is left, however the run went."""
        for process in processes.of_folder(self.folder):
            process.send(signal.SIGKILL)
        if self.mounted:
            time.sleep(0.5)
            subprocess.run(["umount", "--lazy", self.lake], check=False)
            self.mounted = False


@contextlib.contextmanager
def house(folder: pathlib.Path, seed: int, first: datetime.date, small_disk: bool = False) -> Iterator[House]:
    made = House(folder, seed, first, small_disk)
    try:
        yield made
    finally:
        made.end()


def _mount(folder: pathlib.Path) -> bool:
    """Whether a small disk is there now: it takes rights that not every root has."""
    if os.getuid():
        return False
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=755", "moovitamix-chaos", folder]
    return subprocess.run(command, capture_output=True).returncode == 0
