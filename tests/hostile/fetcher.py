"""Fetches from each server in a process of its own, forked from one that has loaded all modules, and says how it ended.

Reads servers as JSON, a list of names, URLs and settings, from its standard input; writes a line of JSON for each.
"""

import json
import os
import pathlib
import re
import socket
import sys
import tempfile
import threading
import time
import traceback
from typing import Any

from conf.contract import ENTITIES
from conf.errors import Refused, line
from conf.settings import ApiSettings
from tasks.api import fetch_snapshot
from tests.tasks.api.conftest import DATE

HANGS = "hangs.example"  # a name whose look-up never ends
real_look_up = socket.getaddrinfo


def look_up(host: str, *args: Any, **kwargs: Any) -> Any:
    if host == HANGS:
        time.sleep(60)
    return real_look_up(host, *args, **kwargs)


def outcome(server: dict[str, Any], folder: str) -> str:
    try:
        api = ApiSettings(base_url=server["url"], **server["settings"])
        manifest = fetch_snapshot(ENTITIES["tracks"], pathlib.Path(folder, "raw", "date=2024-03-01"), DATE, api)
        return f"{manifest.rows} rows"
    except Refused as refused:
        return line(refused)
    except BaseException:
        return traceback.format_exc()


def peak() -> int:
    """The most memory of this process, in MB; what its parent took before the fork does not count."""
    found = re.search(r"VmHWM:\s+(\d+) kB", pathlib.Path("/proc/self/status").read_text())
    return int(found[1]) // 1024 if found else 0


def fork(server: dict[str, Any], folder: str) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        said = outcome(server, os.path.join(folder, str(os.getpid())))
        threading._shutdown()  # waits for threads, as the end of any program does
        write({"name": server["name"], "said": said, "megabytes": peak()})
    finally:
        os._exit(0)


def write(values: dict[str, Any]) -> None:
    """One line, in one piece: several processes write."""
    os.write(1, (json.dumps(values)[:4000] + "\n").encode())


def main(width: int) -> None:
    socket.getaddrinfo = look_up
    servers = json.load(sys.stdin)
    running: dict[int, tuple[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        while servers or running:
            while servers and len(running) < width:
                server = servers.pop()
                running[fork(server, folder)] = server["name"], time.monotonic()
            pid, _ = os.wait()
            name, begun = running.pop(pid)
            write({"name": name, "seconds": time.monotonic() - begun})


if __name__ == "__main__":
    main(int(sys.argv[1]))
