"""The nightly run as cron starts it: from a bare environment, by the lines of conf/deploy/crontab."""

import os
import pathlib
import re
import shutil
import subprocess
import time
from collections.abc import Iterator

import pytest
from deltalake import DeltaTable

from tasks.run.probe import answers
from tests.acceptance.conftest import serving
from tests.ports import free_port

pytestmark = pytest.mark.services

ROOT = pathlib.Path(__file__).parents[3]
PATIENCE = 240  # seconds: a minute for cron to begin, and a first day on a busy machine


@pytest.fixture(scope="module")
def cron() -> Iterator[None]:
    """The real cron, started where none runs."""
    found = shutil.which("cron")
    assert found, "cron is not installed: bin/install-servers installs it"
    assert os.geteuid() == 0, "cron needs root here: run the tests as root"
    if subprocess.run(["pgrep", "-x", "cron"], capture_output=True).returncode == 0:
        yield
        return
    process = subprocess.Popen([found, "-f"], env={"PATH": "/usr/sbin:/usr/bin:/bin"})
    yield
    process.terminate()
    process.wait(timeout=10)


@pytest.fixture(scope="module")
def api() -> Iterator[str]:
    with serving("-m", "demo_api", "--port=0") as api:
        yield api.url


def entries(folder: pathlib.Path) -> str:
    """conf/deploy/crontab as a file of /etc/cron.d, due each minute, with the settings of a file in the folder."""
    lines = [
        line for line in (ROOT / "conf" / "deploy" / "crontab").read_text().splitlines() if line and line[0] != "#"
    ]
    commands = [line.split()[5:] for line in lines if re.match(r"[\d*]", line)]
    settings = [line for line in lines if re.match(r"\w+=", line)]
    assert len(commands) == 1
    called = " ".join(commands[0]).replace("PROJECT", str(ROOT))
    return "\n".join(
        [
            *settings,
            f"LUIGI_CONFIG_PATH={folder / 'luigi.cfg'}",
            f"* * * * * root {called} >> {folder / 'said'} 2>&1; echo $? >> {folder / 'codes'}",
            "",
        ]
    )


def test_cron_runs_the_day_once_and_then_finds_nothing_to_do(cron, api, tmp_path):
    port = free_port()
    (tmp_path / "luigi.cfg").write_text(
        (ROOT / "luigi.cfg")
        .read_text()
        .replace("\nbase_url = http://127.0.0.1:8000", f"\nbase_url = {api}")
        # A quick first day: cron, the lock and Spark's start and stop are what is looked at.
        .replace("root = data/lake", f"root = {tmp_path / 'lake'}")
        .replace("sqlite:///data/mlflow.db", f"sqlite:///{tmp_path / 'mlflow.db'}")
        + f"\n[als]\ntune = never\nrank = 8\n\n[daily]\nspark_port = {port}\n"
    )
    table = pathlib.Path("/etc/cron.d") / f"moovitamix-test-{os.getpid()}"
    table.write_text(entries(tmp_path))
    table.chmod(0o644)
    try:
        said = wait_for(tmp_path / "said", "nothing to do")
    finally:
        table.unlink()
    codes = (tmp_path / "codes").read_text().split()
    assert len(re.findall(r"^\d{4}-\d\d-\d\d is complete$", said, re.MULTILINE)) == 1
    assert set(codes) <= {"0", "10"}, said  # 10: cron came again while the day was under way
    assert codes[-1] == "0"
    assert (
        len(DeltaTable(tmp_path / "lake" / "recommendations").to_pyarrow_table(columns=["date"])["date"].unique()) == 1
    )
    assert not answers(port)


def wait_for(file: pathlib.Path, text: str) -> str:
    """What the file says once the text stands in it."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if file.exists() and text in (said := file.read_text()):
            return said
        time.sleep(1)
    raise AssertionError(f"{text!r} was not said in {PATIENCE} s: {file.read_text() if file.exists() else 'nothing'}")
