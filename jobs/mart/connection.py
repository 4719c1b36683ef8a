"""The publisher's connection to the mart, and what went wrong with it in one line."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
from psycopg import errors

from conf.errors import Refused
from conf.postgres import address, conninfo
from conf.settings import PostgresSettings

OLDEST = 150000  # PostgreSQL 15
LOCK = 0x6D6F6F76  # of the advisory lock that one publisher holds
WAIT_MS = 1000  # that one try waits for a lock: what it asks for stands in no reader's way
BUSY = (errors.LockNotAvailable, errors.DeadlockDetected)
# A killed publisher's server process ends within a second, not when its statement does; keys are built in memory.
OPTIONS = (
    "SET client_connection_check_interval = '1s'",
    "SET maintenance_work_mem = '256MB'",
    "SET work_mem = '64MB'",
    "SET temp_buffers = '32MB'",
    "SET timezone = 'UTC'",
)


@contextlib.contextmanager
def publisher(postgres: PostgresSettings) -> Iterator[psycopg.Connection]:
    """The connection of the one publisher at a time; each statement is its own transaction where none is begun.

    Raises:
        Refused: the mart cannot be reached, or its server ended what was under way; in one line.
    """
    with explained(postgres), connect(postgres) as connection:
        connection.autocommit = True
        if connection.info.server_version < OLDEST:
            raise Refused(
                f"[postgres]: found PostgreSQL {connection.info.server_version // 10000}, required is 15 or later"
            )
        for option in OPTIONS:
            connection.execute(option)
        wait_for_turn(connection, postgres)
        yield connection


def connect(postgres: PostgresSettings) -> psycopg.Connection:
    return psycopg.connect(conninfo(postgres, connect_timeout=10))


def wait_for_turn(connection: psycopg.Connection, postgres: PostgresSettings) -> None:
    """
    Raises:
        Refused: another publisher goes on for longer than ``wait_seconds``.
    """
    deadline = time.monotonic() + postgres.wait_seconds
    while not scalar(connection, "SELECT pg_try_advisory_lock(%s)", LOCK):
        if time.monotonic() > deadline:
            raise Refused(
                f"the mart {address(postgres)}: another publisher has been at work for {postgres.wait_seconds:g} s; "
                "wait for it or end it, then run again"
            )
        time.sleep(0.1)


def patiently(connection: psycopg.Connection, postgres: PostgresSettings, work: Callable[[], None]) -> None:
    """Do ``work`` in one transaction, again while another session holds a lock that it needs.

    Raises:
        Refused: the lock was held for longer than ``wait_seconds``.
    """
    deadline = time.monotonic() + postgres.wait_seconds
    while True:
        try:
            with connection.transaction():
                connection.execute("SELECT set_config('lock_timeout', %s, true)", [f"{WAIT_MS}ms"])
                work()
            return
        except BUSY as error:
            if time.monotonic() > deadline:
                raise Refused(
                    f"the mart {address(postgres)}: {first_line(error)}, for {postgres.wait_seconds:g} s; "
                    f"{holders(connection)}nothing was published"
                ) from error
            time.sleep(0.1)


def holders(connection: psycopg.Connection) -> str:
    """Which sessions hold strong locks on the mart's tables, as text."""
    query = """
        SELECT DISTINCT l.pid, a.usename, a.application_name, l.relation::regclass::text
        FROM pg_locks l JOIN pg_stat_activity a USING (pid)
        WHERE l.relation IN (SELECT oid FROM pg_class WHERE relnamespace = current_schema()::regnamespace)
          AND l.granted AND l.mode NOT IN ('AccessShareLock', 'RowShareLock') AND l.pid <> pg_backend_pid()
    """
    found = connection.execute(query).fetchall()
    named = [f"{table} by process {pid} ({user}, {program or 'no name'})" for pid, user, program, table in found]
    return f"locked is {', '.join(named)}; " if named else ""


@contextlib.contextmanager
def explained(postgres: PostgresSettings) -> Iterator[None]:
    """
    Raises:
        Refused: in place of the driver's error.
    """
    try:
        yield
    except psycopg.Error as error:
        raise Refused(f"the mart {address(postgres)}: {said(error)}") from error


def said(error: psycopg.Error) -> str:
    """What happened and what helps, in one line. The driver's texts hold no password."""
    text, whole = first_line(error), str(error)
    helps = [
        (errors.DiskFull, "", "make room on the server's disk, then run again; nothing was published"),
        (errors.ForeignKeyViolation, "", "see make check-lake; nothing was published"),
        (errors.IntegrityError, "", "see make check-lake; nothing was published"),
        (errors.InsufficientPrivilege, "", "grant it, then run again; nothing was published"),
        (psycopg.Error, "password", "set MOOVITAMIX_POSTGRES_PASSWORD or ~/.pgpass"),
        (psycopg.OperationalError, "does not exist", "create it, or correct [postgres] url"),
        (psycopg.OperationalError, "", "see the server and [postgres] url, then run again"),
    ]
    for kind, word, help_ in helps:
        if isinstance(error, kind) and word in whole:
            return f"{text}; {help_}"
    return text


def first_line(error: psycopg.Error) -> str:
    """The server's message with its detail; of a connection that failed, the driver's last reason."""
    if error.diag.message_primary:
        return ": ".join(part for part in (error.diag.message_primary, error.diag.message_detail) if part)
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    reasons = [line for line in lines if "failed:" in line or "error" in line]
    return (reasons or lines or [type(error).__name__])[-1].removeprefix("- ")


def scalar(connection: psycopg.Connection, query: str, *values: object) -> Any:
    """The one value of a query of one row."""
    row = connection.execute(query, values).fetchone()
    return row[0] if row else None
