"""The parts of the chaos run that need no server."""

import contextlib
import itertools
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading

import pytest

from tests.chaos import compare, faults, processes
from tests.chaos.proxy import Proxy
from tests.chaos.schedule import events

KINDS = ["api", "disk", "cut"]


def first(seed, count=9):
    return list(itertools.islice(events(seed, KINDS, (1, 2)), count))


def test_a_seed_repeats_its_schedule_and_another_makes_another():
    assert first(4) == first(4)
    assert first(4) != first(5)


def test_every_kind_comes_once_in_each_deck():
    kinds = [event.kind for event in first(4)]
    assert [sorted(kinds[at : at + 3]) for at in (0, 3, 6)] == [sorted(KINDS)] * 3


@pytest.fixture
def echo():
    """The port of a server that answers what it gets."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            while True:
                try:
                    there, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=(there,), daemon=True).start()

        def answer(there):
            with contextlib.suppress(ConnectionResetError):
                while data := there.recv(1000):
                    there.sendall(data)

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]


def test_a_proxy_carries_both_ways_until_it_is_cut(echo):
    proxy = Proxy(echo)
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as here:
        here.sendall(b"hello")
        assert here.recv(100) == b"hello"
        assert proxy.busy
        assert proxy.cut() == 1
        with pytest.raises(ConnectionResetError):
            here.recv(100)
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as here:
        here.sendall(b"again")
        assert here.recv(100) == b"again"
    proxy.close()


def test_processes_of_a_run_are_found_by_what_they_inherit(tmp_path):
    tag = f"{tmp_path}:daily"
    command = [sys.executable, "-c", "import subprocess; subprocess.run(['sleep', '60'])"]
    with subprocess.Popen(command, env={**os.environ, processes.VARIABLE: tag}, start_new_session=True) as process:
        while ("sleep", "60") not in [one.words for one in processes.tagged(tag)]:
            pass
        found = sorted(processes.tagged(tag), key=lambda one: one.pid != process.pid)
        assert [one.words[-1] for one in found] == [command[-1], "60"]
        assert found[1].parent == found[0].pid == process.pid
        assert {one.pid for one in processes.of_folder(tmp_path)} == {one.pid for one in found}
        assert processes.tagged(f"{tmp_path}:other") == []
        os.killpg(process.pid, signal.SIGKILL)


def test_versions_are_counted_in_the_order_of_promotion():
    rows = [
        {"date": 2, "decision": "promote", "model_version": "7"},
        {"date": 1, "decision": "promote", "model_version": "3"},
        {"date": 3, "decision": "keep", "model_version": ""},
    ]
    assert compare.version_order(rows) == {"3": "promoted 0", "7": "promoted 1"}


def test_rows_that_differ_are_counted_with_how_often_they_are_there():
    quiet = {"tracks": compare.Counter("aab")}
    assert compare.differences({"tracks": compare.Counter("aab")}, quiet) == []
    found = compare.differences({"tracks": compare.Counter("abc")}, quiet)
    assert found[0] == "tracks: 1 rows of the quiet run are missing, 1 are there beside them"
    assert found[1:] == ["    missing a", "    beside  c"]


def test_a_partial_file_is_seen_and_data_of_tables_are_not(tmp_path: pathlib.Path):
    name = "part-00000-1b2f4c6a-0d3e-4f5a-8b7c-9d0e1f2a3b4c-c000.snappy.parquet"
    for path in (
        f"tracks/{name}",
        f"quarantine/date=2024-03-01/entity=users/{name}",
        "raw/users/.date=2024-03-01.partial/x",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    assert compare.files(tmp_path) == {"raw/users/.date=#.partial/x"}


def test_the_nightly_run_is_known_by_a_word_of_what_cron_starts():
    started = (pathlib.Path(__file__).parents[2] / "bin" / "daily").read_text().splitlines()[-1]
    assert faults.WRAPPER in started.split()
