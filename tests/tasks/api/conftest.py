"""A server of known rows, settings that point to it and are quick to despair, and a place to fetch to."""

import dataclasses
import datetime
import gzip
import pathlib
from collections.abc import Callable, Iterator

import pytest

from conf.contract import ENTITIES
from conf.settings import ApiSettings
from lake.layout import raw_folder
from tasks.api import Manifest, fetch_snapshot
from tests.tasks.api.fault_server import FaultServer, running

DATE = datetime.date(2024, 3, 1)
STAMPS = {"created_at": "2024-01-01T00:00:00", "updated_at": "2024-01-02T00:00:00"}


def track(number: int) -> dict:
    texts = {name: f"{name} {number}" for name in ("name", "artist", "songwriters", "genres", "album")}
    return {"id": number, **texts, "duration": "03:21", **STAMPS}


def user(number: int) -> dict:
    texts = {name: f"{name} {number}" for name in ("first_name", "last_name", "gender", "favorite_genres")}
    return {"id": number, **texts, "email": f"user{number}@example.org", **STAMPS}


def session(number: int) -> dict:
    items = [1 + (number + step) % 95 for step in range(5)]
    return {
        "user_id": 1 + number % 40,
        "items": items,
        **STAMPS,
        "created_at": f"2024-01-01T00:00:{number / 100:09.6f}",
    }


def data() -> dict[str, list]:
    """95 tracks, 40 users and 73 sessions: at ten a page the last page of each is short or full."""
    return {
        "/tracks": [track(number) for number in range(1, 96)],
        "/users": [user(number) for number in range(1, 41)],
        "/listen_history": [session(number) for number in range(73)],
    }


def lines(folder: pathlib.Path) -> list[str]:
    """All rows of a raw folder, as text."""
    parts = sorted(folder.glob("part-*.jsonl.gz"))
    return [line for part in parts for line in gzip.decompress(part.read_bytes()).decode().split("\n")[:-1]]


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with running(data()) as faults:
        yield faults


@pytest.fixture
def api(server: FaultServer) -> ApiSettings:
    return ApiSettings(
        base_url=server.url, page_size=10, concurrency=4, timeout=5.0, connect_timeout=5.0, retries=2, backoff=0.01
    )


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    return raw_folder(tmp_path, "tracks", DATE)


@pytest.fixture
def fetch(api: ApiSettings, folder: pathlib.Path) -> Callable[..., Manifest]:
    """Fetch tracks, with settings changed by name."""

    def run(**changes: object) -> Manifest:
        return fetch_snapshot(ENTITIES["tracks"], folder, DATE, dataclasses.replace(api, **changes))

    return run
