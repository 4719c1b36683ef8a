"""The contract, asked over HTTP of a server in a process of its own."""

import contextlib
import pathlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
import requests

from demo_api.__main__ import _listen

pytestmark = pytest.mark.slow

ROOT = pathlib.Path(__file__).parents[2]


PATHS = ("/tracks", "/users", "/listen_history")


def start(*options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "demo_api", *options]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@contextlib.contextmanager
def serving() -> Iterator[str]:
    with start("--port=0", "--as-of=2026-11-20") as process:
        assert process.stdout
        yield process.stdout.readline().strip()
        process.terminate()
        assert process.wait(timeout=20) == 143


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving() as url:
        yield url


def ask(url, path, **query):
    return requests.get(url + path, params=query, timeout=20)


@pytest.mark.parametrize("path", PATHS)
def test_pages_hold_all_rows_once_and_the_last_is_short(url, path):
    first = ask(url, path).json()
    assert (first["page"], first["size"], len(first["items"])) == (1, 100, 100)
    pages = [ask(url, path, page=page).json() for page in range(1, first["pages"] + 1)]
    assert sum(len(page["items"]) for page in pages) == first["total"]
    assert 0 < len(pages[-1]["items"]) <= 100
    beyond = ask(url, path, page=first["pages"] + 1)
    assert (beyond.status_code, beyond.json()["items"]) == (200, [])


@pytest.mark.parametrize("query", [{"page": 0}, {"page": -1}, {"page": "x"}, {"size": 0}, {"size": 101}, {"size": "x"}])
def test_outside_the_limits_is_a_422(url, query):
    assert ask(url, "/tracks", **query).status_code == 422


def test_unknown_parameters_are_ignored(url):
    assert ask(url, "/tracks", sort="name", artist="x").json() == ask(url, "/tracks").json()


def test_the_clock_can_be_moved_to_the_end_of_another_day(url):
    before = ask(url, "/listen_history").json()["total"]
    moved = requests.post(f"{url}/_as_of/2026-11-21", timeout=20).json()
    assert moved["as_of"] == "2026-11-21"
    assert moved["listen_history"] == ask(url, "/listen_history").json()["total"] > before


@pytest.mark.parametrize("day", ["2026-02-30", "tomorrow", "20261120", "2026-1-5", "1999-01-01"])
def test_a_day_that_is_none_is_a_422_and_moves_nothing(url, day):
    before = ask(url, "/listen_history").json()
    assert requests.post(f"{url}/_as_of/{day}", timeout=20).status_code == 422
    assert ask(url, "/listen_history").json() == before


def test_a_second_start_serves_the_same_bytes():
    first, second = [], []
    for answers in (first, second):
        with serving() as url:
            answers += [ask(url, path, page=page).content for path in PATHS for page in (1, 2, 11)]
    assert first == second


@pytest.mark.parametrize("size", [1, 7, 50])
def test_pages_of_any_size_follow_each_other(url, size):
    both = ask(url, "/tracks", size=2 * size).json()["items"]
    one, other = (ask(url, "/tracks", size=size, page=page).json()["items"] for page in (1, 2))
    assert one + other == both


def test_openapi_documents_the_rows(url):
    document = ask(url, "/openapi.json").json()
    for path, row in zip(PATHS, ("Track", "User", "ListenHistory"), strict=True):
        answer = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        assert answer == {"$ref": f"#/components/schemas/Page_{row}_"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_promptly_and_with_one_line(number):
    with start("--port=0") as process:
        assert process.stdout
        assert process.stderr
        url = process.stdout.readline().strip()
        with requests.Session() as session:
            session.get(f"{url}/users", timeout=20)  # a connection that stays open must not hold it up
            began = time.monotonic()
            process.send_signal(number)
            assert process.wait(timeout=20) == 128 + number
            assert time.monotonic() - began < 5
        assert process.stderr.read() == f"stopped by {number.name}; the same command starts it again\n"


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--port=99999"], "99999"),
        (["--port=0", "--as-of=2026-02-30"], "2026-02-30"),
        (["--port=0", "--as-of=1999-01-01"], "1999-01-01"),
        (["--port=0", "--seed=-1"], "-1"),
    ],
)
def test_a_wrong_option_is_refused_by_what_was_found(options, complaint):
    with start(*options) as process:
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 2
    assert complaint in errors.splitlines()[-1]


def test_a_port_in_use_is_one_line_and_no_success():
    with socket.create_server(("127.0.0.1", 0)) as taken, start(f"--port={taken.getsockname()[1]}") as process:
        served, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert served == ""
    assert len(errors.splitlines()) == 1
    assert "in use" in errors


def test_answers_do_not_wait_for_acknowledgements():
    with _listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        connection, _ = listener.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_faults_are_served_until_they_are_taken_away(url):
    sound = ask(url, "/users").json()["items"]
    assert requests.post(f"{url}/_faults", params={"name": ["genres-null"]}, timeout=20).json() == ["genres-null"]
    broken = ask(url, "/users").json()["items"]
    assert 50 < sum(row["favorite_genres"] is None for row in broken) < 70
    assert requests.post(f"{url}/_faults", params={"name": ["fire"]}, timeout=20).status_code == 422
    assert requests.post(f"{url}/_faults", timeout=20).json() == []
    assert ask(url, "/users").json()["items"] == sound
