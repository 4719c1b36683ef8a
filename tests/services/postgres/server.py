"""A PostgreSQL server of the tests' own, on a socket in a temporary folder; or the one that a URL names."""

import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator

import psycopg
import pytest

URL = "MOOVITAMIX_TEST_POSTGRES_URL"
OLDEST = 15
PASSWORD = "a p@ss/word"


def programs() -> pathlib.Path:
    """The folder of initdb and postgres, of the newest version that is installed."""
    folders = [path for path in pathlib.Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").exists()]
    if not folders and (found := shutil.which("initdb")):
        folders = [pathlib.Path(found).parent]
    if not folders:
        pytest.fail(f"PostgreSQL {OLDEST} is not installed: run bin/install-servers, or name a server in {URL}", False)
    return max(folders, key=lambda path: int(path.parent.name) if path.parent.name.isdigit() else 0)


def as_owner(folder: pathlib.Path) -> dict:
    """PostgreSQL refuses to run as root: then it runs as nobody, who owns the folder."""
    if os.getuid():
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


@contextlib.contextmanager
def running(*settings: str) -> Iterator[str]:
    """The URL of a superuser's connection. ``settings`` are of the server, such as ``fsync=off``."""
    if given := os.environ.get(URL):
        yield given
        return
    folder = pathlib.Path(tempfile.mkdtemp(prefix="mart-"))
    owner, bin_ = as_owner(folder), programs()
    (folder / "password").write_text(PASSWORD)
    (folder / "password").chmod(0o644)
    data = folder / "data"
    command = [bin_ / "initdb", "-D", data, "-U", "owner", "--no-sync", "-A", "scram-sha-256"]
    subprocess.run([*command, "--pwfile", folder / "password"], check=True, capture_output=True, cwd=folder, **owner)
    options = ["-k", folder, "-c", "listen_addresses=", *(word for setting in settings for word in ("-c", setting))]
    process = subprocess.Popen(
        [bin_ / "postgres", "-D", data, *options],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=(folder / "log").open("w"),
        **owner,
    )
    try:
        url = f"postgresql://owner:a%20p%40ss%2Fword@/postgres?host={folder}"
        wait_for(url, process, folder / "log")
        yield url
    finally:
        process.send_signal(signal.SIGINT)  # clients are not waited for
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def wait_for(url: str, process: subprocess.Popen, log: pathlib.Path) -> None:
    for _ in range(300):
        with contextlib.suppress(psycopg.OperationalError), psycopg.connect(url):
            return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    pytest.fail(f"PostgreSQL did not start: {log.read_text()[-500:]}", False)
