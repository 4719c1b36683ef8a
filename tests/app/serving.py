"""The application in a thread of this process, answering over HTTP."""

import contextlib
import dataclasses
import datetime
import pathlib
import threading
import time
from collections.abc import Callable, Iterator

import requests
import uvicorn

from app.main import create_app
from app.stores.store import Store
from app.web.calendar import Calendar
from conf.settings import AppSettings, LakeSettings, Settings

MORNING = datetime.datetime(2024, 3, 2, 9, tzinfo=datetime.UTC)  # the lists of 1 March are due


def settings_of(root: pathlib.Path, **app: object) -> Settings:
    return dataclasses.replace(Settings(lake=LakeSettings(root=str(root))), app=AppSettings(**app))


@dataclasses.dataclass(frozen=True)
class Client:
    url: str

    def get(self, path: str, **options) -> requests.Response:
        return requests.get(self.url + path, timeout=20, allow_redirects=False, **options)

    def page(self, path: str) -> requests.Response:
        return self.get(path, headers={"Accept": "text/html"})


@contextlib.contextmanager
def served(
    settings: Settings, store: Store, now: Callable[[], datetime.datetime] = lambda: MORNING
) -> Iterator[Client]:
    app = create_app(settings, store, Calendar(settings.app.due_hours, now))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False, server_header=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        eventually(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Client(f"http://127.0.0.1:{port}")
    finally:
        server.should_exit = True
        thread.join(timeout=20)


def eventually(holds: Callable[[], object], seconds: float = 20) -> None:
    """Wait until something holds."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.02)
