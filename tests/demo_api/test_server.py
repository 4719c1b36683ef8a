"""The contract, asked over HTTP of a server in a process of its own."""

import pathlib
import subprocess
import sys
from collections.abc import Iterator

import pytest
import requests

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    command = [sys.executable, "-m", "demo_api", "--port=0", "--as-of=2026-11-20"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    yield process.stdout.readline().strip()
    process.terminate()
    assert process.wait(timeout=20) in (0, -15)


def ask(url, path, **query):
    return requests.get(url + path, params=query, timeout=20)


@pytest.mark.parametrize("path", ["/tracks", "/users", "/listen_history"])
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
    assert requests.post(f"{url}/_as_of/2026-02-30", timeout=20).status_code == 422
