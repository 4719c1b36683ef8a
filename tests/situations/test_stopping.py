"""Being stopped: whatever is under way, nothing further begins, nothing is left, the code names the signal, and the same
command goes on.
"""

import contextlib
import datetime
import fcntl
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import psutil
import pytest
import requests

from bench import raw_lake
from lake.layout import MANIFEST, lock_file, raw_folder
from tests.ports import free_port
from tests.processes import is_gone
from tests.tasks.test_luigid import running as luigid

pytestmark = pytest.mark.slow

ROOT = pathlib.Path(__file__).parents[2]
BIN = pathlib.Path(sys.executable).parent
DATE = datetime.date(2024, 3, 1)
PATIENCE = 120  # seconds, on a busy machine
TERM, INT, HUP = signal.SIGTERM, signal.SIGINT, signal.SIGHUP
GOES_ON, STARTS = "the same command goes on where it stopped", "the same command starts it again"
LUIGI = [str(BIN / "luigi"), "--module"]
STAND_INS = [*LUIGI, "tests.situations.stand_ins", "Follows", f"--date={DATE}"]


class Running:
    """A command under way in a process group of its own."""

    def __init__(self, folder: pathlib.Path, command: list[str], **how) -> None:
        self.output = folder / "output"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                command, cwd=ROOT, stdout=output, stderr=output, start_new_session=True, env=environment(), **how
            )

    @property
    def said(self) -> str:
        return self.output.read_text(errors="replace")

    def until(self, true: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE
        while not true():
            assert self.process.poll() is None, self.said
            assert time.monotonic() < end, self.said
            time.sleep(0.05)

    def stop(self, sent: signal.Signals, group: bool = False, then: str = GOES_ON) -> None:
        """Stop it, and hold what is true of every command that was stopped."""
        started = psutil.Process(self.process.pid).children(recursive=True)
        (os.killpg if group else os.kill)(self.process.pid, sent)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, sent)  # once more, while the first is handled
        assert self.process.wait(PATIENCE) == 128 + sent, self.said
        assert self.said.count("stopped by") == 1
        assert self.said.splitlines()[-1] == f"stopped by {sent.name}; {then}"
        assert "Traceback" not in self.said
        assert all(is_gone(child.pid) for child in started)


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


class Silent:
    """A server that takes connections and answers none of them."""

    def __init__(self, listener: socket.socket) -> None:
        self.listener, self.taken = listener, []
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    def asked(self) -> int:
        """How many connections there were."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self.taken.append(self.listener.accept()[0])
        return len(self.taken)


@pytest.fixture
def api() -> Iterator[Silent]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        silent = Silent(listener)
        yield silent
        for connection in silent.taken:
            connection.close()


@pytest.mark.parametrize(
    ("command", "sent", "group"),
    [
        ([*LUIGI, "tasks.daily", "DailyPipeline", "--local-scheduler", f"--date={DATE}"], TERM, False),
        ([*LUIGI, "tasks.daily", "DailyPipeline", "--local-scheduler", f"--date={DATE}", "--workers=2"], INT, True),
        ([str(BIN / "moovitamix"), "day", f"--date={DATE}"], HUP, True),
        ([str(BIN / "moovitamix"), "backfill", f"--start={DATE}", f"--end={DATE}", "--workers=2"], TERM, True),
        ([str(ROOT / "bin" / "daily"), f"--date={DATE}", "--daily-spark-port=0"], TERM, False),
        ([str(ROOT / "bin" / "daily"), f"--date={DATE}", "--daily-spark-port=0"], INT, True),
        ([str(ROOT / "bin" / "daily"), "--hourly", "--daily-spark-port=0"], HUP, False),
    ],
    ids=["luigi", "two workers", "day", "backfill", "nightly", "nightly, Ctrl-C", "hourly"],
)
def test_a_fetch_under_way_ends_and_no_other_step_begins(command, sent, group, api, tmp_path):
    lake = tmp_path / "lake"
    under_way = Running(tmp_path, [*command, f"--api-base-url={api.url}", f"--lake-root={lake}"])
    under_way.until(api.asked)
    under_way.stop(sent, group)
    asked = api.asked()
    time.sleep(0.3)
    assert api.asked() == asked
    logs = "".join(log.read_text() for log in lake.glob("logs/2*/day.log"))
    assert {line.split()[1] for line in logs.splitlines() if "begins" in line} <= {
        "FetchTracks",
        "FetchUsers",
        "FetchListenHistory",
    }
    with lock_file(str(lake)).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_whoever_stops_the_nightly_runs_luigi_alone_stops_the_run(api, tmp_path):
    lake = tmp_path / "lake"
    command = [str(ROOT / "bin" / "daily"), f"--date={DATE}", "--daily-spark-port=0"]
    under_way = Running(tmp_path, [*command, f"--api-base-url={api.url}", f"--lake-root={lake}"])
    under_way.until(api.asked)
    [luigi] = psutil.Process(under_way.process.pid).children()
    luigi.terminate()
    assert under_way.process.wait(PATIENCE) == 128 + TERM, under_way.said
    assert under_way.said.splitlines()[-1] == f"stopped by SIGTERM; {GOES_ON}"
    assert "did not finish" not in under_way.said


def begun(folder: pathlib.Path) -> list[tuple[str, int]]:
    """Which stand-ins began, and their processes."""
    file = folder / "begun"
    lines = [line.split() for line in file.read_text().splitlines()] if file.exists() else []
    return [(step, int(pid)) for step, pid in lines]


def again(command: list[str], folder: pathlib.Path) -> None:
    """The same command goes on to its end."""
    (folder / "go").touch()
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    assert (folder / "Follows").exists()


@pytest.mark.parametrize(
    ("sent", "workers", "kind"),
    [(TERM, 1, ""), (INT, 2, ""), (HUP, 1, "deaf")],
)
def test_a_steps_job_ends_also_a_deaf_one_and_the_same_command_goes_on(sent, workers, kind, tmp_path):
    command = [*STAND_INS, "--local-scheduler", f"--workers={workers}", f"--folder={tmp_path}", f"--kind={kind}"]
    command += [f"--lake-root={tmp_path / 'lake'}"]
    under_way = Running(tmp_path, command)
    under_way.until(lambda: len(begun(tmp_path)) == workers)
    under_way.stop(sent, group=True)
    assert all(is_gone(pid) for _, pid in begun(tmp_path))
    assert len(begun(tmp_path)) == workers
    again(command, tmp_path)


def test_luigid_gives_a_stopped_step_to_the_next_command_at_once(tmp_path):
    """By itself it would hold the step for running until it had not heard of the command for a minute."""
    with luigid(free_port(), tmp_path) as url:
        command = [*STAND_INS, f"--scheduler-url={url}", f"--folder={tmp_path}", f"--lake-root={tmp_path / 'lake'}"]
        for _ in range(3):  # which are no failures: those would have luigid leave the step alone
            count = len(begun(tmp_path))
            under_way = Running(tmp_path, command)
            under_way.until(lambda before=count: len(begun(tmp_path)) > before)
            under_way.stop(TERM)
        again(command, tmp_path)


@pytest.mark.parametrize("away", ["refuses", "says nothing"])
def test_a_run_that_waits_for_luigid_ends(away, api, tmp_path):
    url = api.url if away == "says nothing" else f"http://127.0.0.1:{free_port()}"
    command = [*STAND_INS, f"--scheduler-url={url}", f"--folder={tmp_path}", f"--lake-root={tmp_path / 'lake'}"]
    under_way = Running(tmp_path, command)
    under_way.until(api.asked if away == "says nothing" else lambda: "Failed connecting" in under_way.said)
    under_way.stop(INT)


def test_a_job_that_waits_for_a_spark_connect_server_ends(api, tmp_path):
    raw_lake.write(str(tmp_path / "lake"), DATE, 100, 10, 10)
    command = [sys.executable, "-m", "jobs", "clean", f"--date={DATE}", "--entity=tracks"]
    command += [f"--lake-root={tmp_path / 'lake'}", f"--spark-remote=sc://{api.url.removeprefix('http://')}"]
    under_way = Running(tmp_path, command)
    under_way.until(api.asked)
    under_way.stop(TERM)


def test_a_spark_step_ends_with_its_jvm_and_the_same_command_goes_on(tmp_path):
    lake = tmp_path / "lake"
    raw_lake.write(str(lake), DATE, 100, 10, 10)
    verdict = raw_folder(str(lake), "_day", DATE) / MANIFEST
    verdict.parent.mkdir(parents=True, exist_ok=True)
    verdict.write_text("{}")
    command = [*LUIGI, "tasks.clean", "CleanTracks", "--local-scheduler", f"--date={DATE}", f"--lake-root={lake}"]
    under_way = Running(tmp_path, command)
    under_way.until(lambda: drives(under_way))
    under_way.stop(TERM)
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr


def drives(under_way: Running) -> bool:
    """Whether the JVM is there that runs the job, and the Python that it has started."""
    names = set()
    for child in psutil.Process(under_way.process.pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            names.add(child.name().rstrip("0123456789."))
    return names >= {"java", "python"}


@pytest.mark.parametrize(("name", "sent"), [("metrics", HUP), ("app", INT), ("app", HUP)])
def test_a_server_ends_and_says_what_starts_it_again(name, sent, tmp_path):
    (tmp_path / "lake").mkdir()
    command = [str(BIN / "moovitamix"), name, f"--{name}-port=0", f"--lake-root={tmp_path / 'lake'}"]
    under_way = Running(tmp_path, command)
    under_way.until(lambda: "http://" in under_way.said)
    url = next(line for line in under_way.said.splitlines() if line.startswith("http://"))
    requests.get(url, timeout=PATIENCE)
    under_way.stop(sent, group=True, then=STARTS)


def test_a_demo_that_is_stopped_while_spark_starts_ends_what_it_has_started(tmp_path):
    command = [str(BIN / "moovitamix"), "demo", f"--root={tmp_path / 'demo'}", f"--port={free_port()}"]
    under_way = Running(tmp_path, command)
    log = tmp_path / "demo" / "logs" / "spark.log"
    under_way.until(log.exists)
    under_way.stop(INT, group=True)


def python(code: str, **how) -> subprocess.Popen:
    head = "import signal, time; from conf.stopping import stoppable\n"
    process = subprocess.Popen(
        [sys.executable, "-c", head + code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **how
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "there\n"
    return process


def test_what_lets_no_signal_through_is_ended_all_the_same():
    """Some libraries swallow an interrupt; others wait where Python hears of no signal."""
    code = """
with stoppable(grace=0.5):
    print("there", flush=True)
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass
"""
    process = python(code)
    process.send_signal(TERM)
    _, said = process.communicate(timeout=PATIENCE)
    assert (process.returncode, said) == (143, f"stopped by SIGTERM; {GOES_ON}\n")


def test_under_nohup_a_closed_terminal_stops_nothing():
    code = """
with stoppable():
    print("there", flush=True)
    signal.raise_signal(signal.SIGHUP)
    raise SystemExit("went on")
"""
    process = python(code, preexec_fn=lambda: signal.signal(HUP, signal.SIG_IGN))
    # Not by standard output: of that, more than a line may have been read with the first.
    assert process.communicate(timeout=PATIENCE) == ("", "went on\n")


@pytest.mark.parametrize("words", [["settings"], ["settings", "--schema"], ["day", "--help"]])
def test_a_reader_that_has_seen_enough_is_no_fault(words):
    with subprocess.Popen([BIN / "moovitamix", *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as it:
        assert it.stdout is not None
        assert it.stderr is not None
        it.stdout.close()
        assert it.stderr.read() == b""
        assert it.wait(PATIENCE) == 0
