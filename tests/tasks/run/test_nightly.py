import contextlib
import datetime
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys

import pytest

from conf.settings import DailySettings, LakeSettings, Settings, SparkSettings
from conf.stopping import Stopped
from lake.access import Lake
from tasks.run import nightly
from tasks.run.probe import free_port
from tasks.run.processes import bound, end
from tests.processes import is_gone, number_in

LAST = datetime.date(2024, 3, 10)


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings(lake=LakeSettings(root=str(tmp_path)), daily=DailySettings(catch_up_days=3, keep_log_days=30))


def days(*numbers):
    return [datetime.date(2024, 3, number) for number in numbers]


def due(monkeypatch, settings, accounted, complete):
    monkeypatch.setattr(nightly.commits, "accounted", lambda root: dict.fromkeys(days(*accounted), 1))
    monkeypatch.setattr(nightly, "done", lambda root, dates, revision: set(days(*complete)) & set(dates))
    return nightly.due(settings, LAST)


def test_an_empty_lake_begins_with_the_last_whole_day(monkeypatch, settings):
    assert due(monkeypatch, settings, [], []) == [LAST]


def test_missed_days_are_due_in_order_with_one_that_stopped_half_way(monkeypatch, settings):
    assert due(monkeypatch, settings, [6, 7, 8], [6, 7]) == days(8, 9, 10)


def test_days_beyond_the_limit_are_named_with_the_command_that_runs_them(monkeypatch, settings, capsys):
    assert due(monkeypatch, settings, [5], [5]) == days(8, 9, 10)
    said = capsys.readouterr().out
    assert said.startswith("2 missing days from 2024-03-06 to 2024-03-07 are older than [daily] catch_up_days = 3")
    assert "Backfill --local-scheduler --start 2024-03-06 --end 2024-03-07 --snapshot-date 2024-03-10" in said


def test_nothing_is_due_where_all_is_complete(monkeypatch, settings):
    assert due(monkeypatch, settings, [9, 10], [9, 10]) == []


def test_a_missed_day_without_a_snapshot_shares_the_last_days(settings, tmp_path):
    assert nightly.snapshot(settings, *days(9, 10)) == ["--snapshot-date=2024-03-10"]
    assert nightly.snapshot(settings, LAST, LAST) == []
    own = tmp_path / "raw" / "_day" / "date=2024-03-09"
    own.mkdir(parents=True)
    (own / "_manifest.json").touch()
    assert nightly.snapshot(settings, *days(9, 10)) == []


def test_a_second_run_finds_the_lock_held_and_says_by_whom(tmp_path):
    with (
        nightly.locked(tmp_path / "lock"),
        pytest.raises(nightly.AlreadyRunning, match=rf"under way \(process {os.getpid()}, since "),
        nightly.locked(tmp_path / "lock"),
    ):
        pass
    with nightly.locked(tmp_path / "lock"):
        pass


def test_logs_past_their_days_are_removed_and_others_stay(settings, tmp_path):
    logs = tmp_path / "logs"
    for name in ("2024-02-08", "2024-02-09"):
        (logs / name).mkdir(parents=True)
    for name in ("daily-2024-02-08.log", "daily-2024-02-09.log", "spark.log"):
        (logs / name).touch()
    nightly.remove_old_logs(settings, LAST)
    assert sorted(path.name for path in logs.iterdir()) == ["2024-02-09", "daily-2024-02-09.log", "spark.log"]


def test_a_cluster_gets_the_jobs_without_a_server_here(settings):
    cluster = Settings(lake=settings.lake, spark=SparkSettings(master="spark://host:7077"))
    with nightly.spark(cluster, LAST) as remote:
        assert remote is None


def test_a_lake_in_a_bucket_gets_a_server_that_knows_the_bucket(bucket, monkeypatch):
    """Whoever answers on the usual port may be there for a folder."""
    started = []

    @contextlib.contextmanager
    def kept(port, log, master, properties, patience):
        started.append((port, properties))
        yield None

    monkeypatch.setattr(nightly, "kept", kept)
    monkeypatch.setattr(nightly.storage, "spark_properties", lambda root: {"spark.jars": root})
    asked = Settings(lake=LakeSettings(root=bucket), spark=SparkSettings(conf="spark.driver.memory=4g"))
    with nightly.spark(asked, LAST):
        pass
    ((port, properties),) = started
    assert port != asked.daily.spark_port
    assert (properties["spark.jars"], properties["spark.driver.memory"]) == (bucket, "4g")


class Lost:
    """A Connect server that is gone so many times when it is looked at."""

    url = "sc://127.0.0.1:1"

    def __init__(self, times: int) -> None:
        self.left, self.losses = times, 0

    def replace(self) -> None:
        self.losses += bool(self.left)
        self.left -= bool(self.left)


def run_day(monkeypatch, settings, tmp_path, server, script):
    """The code of a day whose Luigi is a shell script, and how often that was run."""
    monkeypatch.setattr(nightly, "LOOK", 0.05)
    monkeypatch.setattr(nightly, "command", lambda *_: ["sh", "-c", f"echo run >> {tmp_path}/runs; {script}"])
    code = nightly.run_day(settings, LAST, LAST, server, None)
    return code, len((tmp_path / "runs").read_text().splitlines())


def test_a_day_whose_spark_server_was_lost_is_run_again(monkeypatch, settings, tmp_path, capsys):
    script = f"sleep 0.2; [ $(wc -l < {tmp_path}/runs) = 2 ] || exit 30"
    assert run_day(monkeypatch, settings, tmp_path, Lost(1), script) == (0, 2)
    assert "server was gone while 2024-03-10 ran (code 30); another was started" in capsys.readouterr().out


@pytest.mark.slow
def test_a_day_that_loses_its_spark_server_each_time_ends(monkeypatch, settings, tmp_path):
    assert run_day(monkeypatch, settings, tmp_path, Lost(1000), "sleep 0.2; exit 30") == (30, nightly.TRIES)


def test_a_day_that_failed_for_another_reason_waits_for_the_next_run(monkeypatch, settings, tmp_path):
    assert run_day(monkeypatch, settings, tmp_path, Lost(0), "sleep 0.2; exit 30") == (30, 1)


def test_a_luigi_that_was_killed_gives_the_shells_code_of_the_signal(monkeypatch, settings, tmp_path):
    assert run_day(monkeypatch, settings, tmp_path, None, "kill -9 $$") == (137, 1)


@pytest.mark.parametrize("script", ["exit 143", "kill -TERM $$", "exit 130", "exit 129"])
def test_a_luigi_that_somebody_has_stopped_stops_the_run_and_is_no_failure(monkeypatch, settings, tmp_path, script):
    monkeypatch.setattr(nightly, "due", lambda *_, **__: days(9, 10))
    monkeypatch.setattr(nightly.failed_day, "nights", lambda *_: pytest.fail("counted as a failure"))
    cluster = Settings(lake=settings.lake, spark=SparkSettings(master="spark://host:7077"))
    monkeypatch.setattr(nightly, "command", lambda *_: ["sh", "-c", f"echo run >> {tmp_path}/runs; {script}"])
    with pytest.raises(Stopped) as stopped:
        nightly.run(cluster, None)
    assert stopped.value.number == {"exit 130": 2, "exit 129": 1}.get(script, 15)
    assert (tmp_path / "runs").read_text() == "run\n"


def test_a_full_disk_is_one_line(monkeypatch, settings, capsys):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(nightly, "remove_old_logs", full)
    assert nightly.once(settings, LAST) == nightly.UNHANDLED
    assert capsys.readouterr().out.startswith("error: [Errno 28] No space left on device; see to it")


def test_from_another_folder_it_reads_that_folders_file_has_its_lake_there_and_ends_with_the_steps_code(tmp_path):
    config = (
        f"[api]\nbase_url = http://127.0.0.1:{free_port()}\nretries = 0\n[lake]\nroot = here\n[daily]\nspark_port = 0\n"
    )
    (tmp_path / "luigi.cfg").write_text(config)
    environment = {name: value for name, value in os.environ.items() if name != "LUIGI_CONFIG_PATH"}
    done = subprocess.run(
        [sys.executable, "-m", "tasks.run.nightly"],
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": str(pathlib.Path(__file__).parents[3])},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 30, done.stdout + done.stderr
    assert re.search(r"did not finish \(code 30\); see here/logs/daily-\S+\.log", done.stdout)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["here", "luigi.cfg"]
    assert len(list((tmp_path / "here" / "logs").glob("*/day.log"))) == 1
    # The process that folds the ledger has the same settings.
    assert {row["status"] for row in Lake(str(tmp_path / "here")).rows("runs")} >= {"failed"}


class TestTheFileOfCronsSecrets:
    @pytest.fixture
    def daily(self, tmp_path):
        """bin/daily of a checkout whose Python says what it got."""
        for folder in ("bin", "conf", ".venv/bin"):
            (tmp_path / folder).mkdir(parents=True)
        (tmp_path / "bin" / "daily").write_text((pathlib.Path(__file__).parents[3] / "bin" / "daily").read_text())
        (tmp_path / ".venv" / "bin" / "python").write_text('#!/bin/sh\necho "$MOOVITAMIX_API_TOKEN$JAVA_HOME"\n')
        (tmp_path / ".venv" / "bin" / "python").chmod(0o755)

        def daily(text: str, mode: int) -> subprocess.CompletedProcess:
            file = tmp_path / "conf" / "daily.env"
            file.write_text(text)
            file.chmod(mode)
            environment = {"PATH": os.environ["PATH"]}
            return subprocess.run(["bash", "bin/daily"], cwd=tmp_path, env=environment, capture_output=True, text=True)

        return daily

    def test_is_read_where_its_owner_alone_can_read_it(self, daily):
        assert daily("export MOOVITAMIX_API_TOKEN=a", 0o600).stdout == "a\n"

    def test_is_refused_where_others_can_with_the_command_that_mends_it(self, daily, tmp_path):
        done = daily("export MOOVITAMIX_API_TOKEN=a", 0o640)
        file = tmp_path / "conf" / "daily.env"
        said = f"daily: {file} holds a secret, and others can read it; chmod 600 {file}\n"
        assert (done.returncode, done.stdout, done.stderr) == (40, "", said)

    def test_may_be_read_by_others_where_it_holds_no_secret(self, daily):
        text = "export JAVA_HOME=/java\nexport MOOVITAMIX_API_TOKEN_FILE=/run/secrets/token\n"
        assert daily(text, 0o644).stdout == "/java\n"


def test_a_process_ends_with_the_one_that_started_it(tmp_path):
    """Also where that is killed and can do nothing more."""
    told = tmp_path / "pid"
    # The child tells its number itself: then it is bound.
    command = ["sh", "-c", f"echo $$ > {told}; sleep 60"]
    code = (
        "import subprocess, time; from tasks.run.processes import bound; "
        f"subprocess.Popen(bound({command!r})); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=pathlib.Path(__file__).parents[3])
    child = number_in(told)
    parent.kill()
    parent.wait()
    assert is_gone(child)


def test_a_process_whose_parent_was_gone_before_the_bond_held_does_nothing():
    command = f"{shlex.join(bound(['echo', 'works']))}; true"  # the shell is its parent, not this process
    assert subprocess.run(["sh", "-c", command], capture_output=True, text=True).stdout == ""
    assert subprocess.run(bound(["echo", "works"]), capture_output=True, text=True).stdout == "works\n"


def test_ending_a_process_that_does_not_listen_kills_it():
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        bound([sys.executable, "-c", deaf]), stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    end(process, patience=0.2)
    assert process.returncode == -signal.SIGKILL
