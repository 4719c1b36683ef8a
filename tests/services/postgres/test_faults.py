"""What a person reads when the mart cannot be filled; the lake and the published day stay as they were."""

import dataclasses
import os
import pathlib
import subprocess
import sys

import psycopg
import pytest

from conf.checkout import ROOT
from conf.settings import Settings
from jobs.mart.publication import publish
from lake.access import Lake
from tests.ports import free_port
from tests.services.postgres.server import URL
from tests.services.postgres.small_lake import day, write
from tests.services.postgres.test_publish import files

pytestmark = pytest.mark.services


def refused(settings: Settings, number: int = 0, code: int = 1, **environment: str) -> str:
    """The one line that the job ends with; it must end with the code, and neither the line nor the rest holds a password."""
    command = [sys.executable, "-m", "jobs", "publish", f"--date={day(number)}", f"--lake-root={settings.lake.root}"]
    done = subprocess.run(
        [*command, f"--postgres-wait-seconds={settings.postgres.wait_seconds}"],
        env={**os.environ, "MOOVITAMIX_POSTGRES_URL": settings.postgres.url, **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == code, done.stderr
    assert "p@ss" not in done.stderr
    assert "p%40ss" not in done.stderr
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, done.stderr
    return lines[0]


@pytest.fixture
def lake_untouched(root):
    before = files(root)
    yield
    assert files(root) == before


def at(settings: Settings, url: str) -> Settings:
    return dataclasses.replace(settings, postgres=dataclasses.replace(settings.postgres, url=url))


def test_no_server(settings, lake_untouched):
    port = free_port()
    found = refused(at(settings, f"postgresql://me:p%40ss@127.0.0.1:{port}/mart"))
    assert found.startswith(f"error: the mart 127.0.0.1:{port}/mart: ")
    assert "Connection refused" in found
    assert found.endswith("see the server and [postgres] url, then run again")


def test_wrong_password(settings, url, lake_untouched):
    found = refused(settings, MOOVITAMIX_POSTGRES_PASSWORD="not p@ss")
    assert 'password authentication failed for user "owner"' in found
    assert found.endswith("set MOOVITAMIX_POSTGRES_PASSWORD or ~/.pgpass")


def test_no_such_database(settings, url):
    found = refused(at(settings, url.replace("mart_test_", "nothing_")))
    assert "does not exist; create it, or correct [postgres] url" in found


def test_a_url_that_is_none_is_not_shown(settings):
    found = refused(at(settings, "postgresql://me:p%40ss@[host/mart"), code=2)
    assert found == "error: [postgres] url: found (not shown), required is postgresql://user@host:port/database"


def test_a_schema_newer_than_the_code(settings, ask, lake_untouched):
    publish(Lake(settings.lake.root), day(0), settings)
    ask("UPDATE alembic_version SET version_num = '0999'")
    assert refused(settings).endswith("the mart's schema is 0999, newer than this version's 0003; update the code")


@pytest.mark.parametrize("table", ["tracks", "publications"])
def test_a_lock_that_somebody_holds(settings, ask, root, url, table):
    publish(Lake(root), day(0), settings)
    write(root, day(1))
    with psycopg.connect(url, application_name="somebody") as holder:
        holder.execute(f"LOCK TABLE {table} IN SHARE MODE")
        found = refused(settings, 1)
        assert (
            f"locked is {table} by process {holder.info.backend_pid} (owner, somebody); nothing was published" in found
        )
    assert ask("SELECT date FROM current_publication") == [(day(0),)]
    assert publish(Lake(root), day(1), settings)["rows_out"] == 410


def test_a_publisher_that_may_not_make_tables(settings, ask, url):
    name = ask("SELECT current_database()")[0][0]
    ask(f"CREATE ROLE plain_{name} LOGIN PASSWORD 'p@ss'")
    try:
        host = url.partition("@")[2]
        found = refused(at(settings, f"postgresql://plain_{name}:p%40ss@{host}"))
        assert found.endswith("permission denied for schema public; grant it, then run again; nothing was published")
    finally:
        ask(f"DROP ROLE plain_{name}")


def test_another_publisher_at_work(settings, url):
    from jobs.mart.connection import LOCK

    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        assert "another publisher has been at work for 2 s" in refused(settings)


@pytest.fixture
def small_disk(server, tmp_path, ask, url):
    """A tablespace of 24 MB, where the database's new tables go."""
    if os.getuid() or URL in os.environ:
        pytest.skip("a small disk is a tmpfs, which root alone may mount for a server of this machine")
    with psycopg.connect(server) as connection:
        socket = connection.info.host
    folder = pathlib.Path(socket) / "small"
    folder.mkdir()
    owner = folder.parent.stat()
    options = f"size=24m,uid={owner.st_uid},gid={owner.st_gid},mode=700"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE TABLESPACE small LOCATION '{folder}'")
        name = ask("SELECT current_database()")[0][0]
        connection.execute(f"ALTER DATABASE {name} SET default_tablespace = 'small'")
        connection.execute(f"ALTER DATABASE {name} SET temp_tablespaces = 'small'")
    yield folder
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        connection.execute("DROP TABLESPACE small")
        connection.execute(f"CREATE DATABASE {name}")
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk(settings, root, ask, small_disk):
    publish(Lake(root), day(0), settings)
    write(root, day(1), users=20_000)
    before = files(root)
    found = refused(settings, 1)
    assert "No space left on device" in found
    assert found.endswith("make room on the server's disk, then run again; nothing was published")
    assert files(root) == before
    assert ask("SELECT date, (SELECT count(*) FROM current_recommendations) FROM current_publication") == [
        (day(0), 400)
    ]
    # What was loaded is gone: the room is there for a day that fits.
    Lake(root, revision=2).delete("users", ("user_id", ">=", 0))
    write(root, day(1), revision=2)
    assert publish(Lake(root, revision=2), day(1), settings)["rows_out"] == 410
