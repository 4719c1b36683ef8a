import contextlib
import datetime
import itertools
import pathlib
from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg import sql

from conf.settings import LakeSettings, PostgresSettings, Settings
from tests.services.postgres import small_lake
from tests.services.postgres.server import running

_numbers = itertools.count()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with running("fsync=off") as url:
        yield url


@pytest.fixture
def url(server: str) -> Iterator[str]:
    """An empty database."""
    name = f"mart_test_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield replaced(server, name)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def replaced(server: str, database: str) -> str:
    """The URL with another database."""
    head, _, query = server.partition("?")
    base = head.rsplit("/", 1)[0]
    return f"{base}/{database}" + (f"?{query}" if query else "")


@pytest.fixture
def root(tmp_path: pathlib.Path) -> str:
    """A lake of one day."""
    small_lake.write(str(tmp_path / "lake"), small_lake.DAY)
    return str(tmp_path / "lake")


@pytest.fixture
def settings(url: str, root: str) -> Settings:
    return Settings(lake=LakeSettings(root=root), postgres=PostgresSettings(url=url, wait_seconds=2))


@pytest.fixture
def ask(url: str) -> Callable[..., list[tuple]]:
    """Rows of a query, on a connection of its own."""

    def rows(query: str, *values: object) -> list[tuple]:
        with contextlib.closing(psycopg.connect(url, autocommit=True)) as connection:
            found = connection.execute(query, values)
            return found.fetchall() if found.description else []

    return rows


@pytest.fixture
def day() -> datetime.date:
    return small_lake.DAY
