"""A PostgreSQL server of a test's own, with the mart laid out and a published day in it."""

import contextlib
import dataclasses
import datetime
import os
import pathlib
import shutil
import subprocess
from collections.abc import Iterator

import psycopg
import pytest
from psycopg.types.json import Json

from jobs.lake import Lake
from jobs.mart import schema
from tests.ports import free_port


@dataclasses.dataclass
class Server:
    folder: pathlib.Path
    binaries: pathlib.Path
    port: int

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def control(self, *arguments: str) -> None:
        command = [*as_postgres(), str(self.binaries / "pg_ctl"), "-D", str(self.folder), "-w", *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        self.control("-o", options, "-l", f"{self.folder}/log", "start")

    def stop(self) -> None:
        self.control("-m", "immediate", "stop")


def as_postgres() -> list[str]:
    """The server refuses to run as root."""
    return ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []


@contextlib.contextmanager
def server() -> Iterator[Server]:
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.fail("PostgreSQL is not there: bin/install-servers installs it", pytrace=False)
    command = [*as_postgres(), "mktemp", "-d", "/tmp/moovitamix-app-XXXXXX"]
    folder = pathlib.Path(subprocess.run(command, check=True, capture_output=True, text=True, cwd="/").stdout.strip())
    try:
        init = [*as_postgres(), str(found[-1]), "-D", str(folder), "-A", "trust", "-U", "postgres", "-E", "UTF8", "-N"]
        subprocess.run(init, check=True, stdout=subprocess.DEVNULL, cwd="/")
        running = Server(folder, found[-1].parent, free_port())
        running.start()
        try:
            yield running
        finally:
            with contextlib.suppress(subprocess.CalledProcessError):  # a test may have stopped it
                running.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def lay_out(url: str) -> None:
    schema.upgrade(lambda: psycopg.connect(url))


def fill(url: str, lake: Lake, day: datetime.date) -> None:
    """What a publisher would bring of a small lake, and its day published."""
    end = datetime.datetime.combine(day, datetime.time(), datetime.UTC) + datetime.timedelta(days=1)
    with psycopg.connect(url) as connection:
        cursor = connection.cursor()
        for row in lake.rows("tracks"):
            names = ["track_id", "name", "artist", "songwriters", "album", "genres", "duration_s", "first_seen"]
            insert(cursor, "tracks", {name: row[name] for name in names} | {"available": row["last_seen"] >= day})
        lists, plays = lake.rows("recommendations"), lake.rows("listens")
        for user in {row["user_id"] for row in lists + plays}:
            insert(cursor, "users", {"user_id": user, "first_seen": day, "available": True})
        newest: dict[tuple, datetime.datetime] = {}
        for row in plays:
            key = row["user_id"], row["listened_at"]
            newest[key] = max(newest.get(key, row["updated_at"]), row["updated_at"])
        for row in plays:
            if row["updated_at"] == newest[row["user_id"], row["listened_at"]] and row["listened_at"] < end:
                insert(cursor, "listen_history", row)
        version = max(row["model_version"] for row in lists)
        cursor.execute(f"CREATE TABLE similar_now PARTITION OF similar_tracks FOR VALUES IN ('{version}')")
        for row in lake.rows("similar_tracks", [("model_version", "=", version)]):
            insert(cursor, "similar_tracks", row)
        for rank, (track, count) in enumerate([(3, 2), (2, 1), (1, 1), (4, 0), (5, 0)], 1):
            insert(cursor, "popular_tracks", {"rank": rank, "track_id": track, "plays": count})
        for row in lake.rows("evaluations"):
            insert(cursor, "evaluations", row)
        for row in lake.rows("decisions"):
            insert(cursor, "decisions", row | {"figures": Json({})})
        publish(cursor, lists, day)


def publish(cursor: psycopg.Cursor, lists: list[dict], day: datetime.date) -> None:
    """As a publisher does it: loaded beside and attached, which stands in no reader's way."""
    beside = f"lists_{day:%Y%m%d}"
    cursor.execute(f"CREATE TABLE {beside} (LIKE recommendations)")
    for row in lists:
        insert(cursor, beside, {**row, "date": day})
    cursor.execute(f"ALTER TABLE recommendations ATTACH PARTITION {beside} FOR VALUES IN ('{day}')")
    users, version = len({row["user_id"] for row in lists}), max(row["model_version"] for row in lists)
    row = {"date": day, "revision": 1, "model_version": version, "users": users, "recommendations": len(lists)}
    insert(cursor, "publications", row | {"listed": True})


def insert(cursor: psycopg.Cursor, table: str, row: dict) -> None:
    places = ", ".join(["%s"] * len(row))
    cursor.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", list(row.values()))
