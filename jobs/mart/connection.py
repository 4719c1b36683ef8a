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
ENCODING = "UTF8"  # of the database: names are of all scripts
PASSING = ("too many", "connection slots", "starting up", "shutting down")  # that a try to connect waits for
ANEW = (
    "undo that, or empty the mart's schema (DROP SCHEMA … CASCADE; CREATE SCHEMA …) and run again: a day fills it anew "
    "from the lake; nothing was published"
)
CHANGED = (
    errors.UndefinedTable,
    errors.UndefinedColumn,
    errors.UndefinedObject,
    errors.UndefinedFunction,
    errors.DuplicateTable,
    errors.DuplicateObject,
    errors.InvalidColumnReference,
    errors.DatatypeMismatch,
    errors.WrongObjectType,
)
# Of errors of a kind, with a word in them, what helps; the first that fits is said.
HELPS: list[tuple[type[Exception] | tuple[type[Exception], ...], str, str]] = [
    (
        errors.InsufficientPrivilege,
        "must be owner",
        "let the publisher own it, then run again; nothing was published",
    ),
    (errors.LockNotAvailable, "", "see pg_locks for who holds it, then run again; nothing was published"),
    (errors.DiskFull, "", "make room on the server's disk, then run again; nothing was published"),
    (
        errors.ForeignKeyViolation,
        "update or delete",
        "drop that key, or add ON DELETE CASCADE; nothing was published",
    ),
    (errors.NotNullViolation, "", f"a column was changed by hand: {ANEW}"),
    (errors.CheckViolation, "", f"a constraint was added by hand: {ANEW}"),
    (errors.IntegrityError, "", "see make check-lake; nothing was published"),
    (errors.InsufficientPrivilege, "", "grant it, then run again; nothing was published"),
    (errors.RaiseException, "", "a trigger that somebody added refuses it: see there; nothing was published"),
    (CHANGED, "", f"the mart was changed by hand: {ANEW}"),
    (psycopg.Error, "password", "set MOOVITAMIX_POSTGRES_PASSWORD or ~/.pgpass"),
    (psycopg.OperationalError, "does not exist", "create it, or correct [postgres] url"),
    (psycopg.OperationalError, "", "see the server and [postgres] url, then run again"),
]
# A killed publisher's server process ends within a second, not when its statement does; keys are built in memory.
OPTIONS = (
    "SET client_connection_check_interval = '1s'",
    "SET maintenance_work_mem = '256MB'",
    "SET work_mem = '64MB'",
    "SET temp_buffers = '32MB'",
    "SET timezone = 'UTC'",
)
# Limits that somebody has set for the role or the database are for people's queries, not for a publication.
OURS = (
    "SET statement_timeout = 0",
    "SET idle_in_transaction_session_timeout = 0",
    "SET row_security = off",  # rows that a policy hides are an error, and are not published without
    "SET default_transaction_isolation = 'read committed'",
)


@contextlib.contextmanager
def publisher(postgres: PostgresSettings) -> Iterator[psycopg.Connection]:
    """The connection of the one publisher at a time; each statement is its own transaction where none is begun.

    Raises:
        Refused: the mart cannot be reached, or its server ended what was under way; in one line.
    """
    with explained(postgres), connect(postgres) as connection:
        connection.autocommit = True
        require(connection, postgres)
        for option in OPTIONS:
            connection.execute(option)
        wait_for_turn(connection, postgres)
        yield connection


def require(connection: psycopg.Connection, postgres: PostgresSettings) -> None:
    """That a mart can be there, before anything is written.

    Raises:
        Refused: it cannot.
    """
    version = connection.info.server_version
    if version < OLDEST:
        raise Refused(f"[postgres]: found PostgreSQL {version // 10000}, required is 15 or later")
    read_only, schema = connection.execute(
        "SELECT current_setting('transaction_read_only'), current_schema()"
    ).fetchone() or ("", None)
    where = f"the mart {address(postgres)}"
    if read_only == "on":
        raise Refused(
            f"{where}: found a session that may only read; name the primary server in [postgres] url, or "
            "ALTER ROLE … SET default_transaction_read_only = off"
        )
    if schema is None:
        raise Refused(
            f"{where}: found no schema of the search path ({scalar(connection, 'SHOW search_path')}); "
            "create it, or name another: …/database?options=-csearch_path%3Dpublic"
        )


def require_encoding(connection: psycopg.Connection, postgres: PostgresSettings) -> None:
    """
    Raises:
        Refused: the database cannot hold every name.
    """
    encoding = scalar(connection, "SHOW server_encoding")
    if encoding != ENCODING:
        raise Refused(
            f"the mart {address(postgres)}: found a database of encoding {encoding}, required is {ENCODING}, since names "
            "are of all scripts; CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0, and name it in [postgres] url"
        )


def connect(postgres: PostgresSettings) -> psycopg.Connection:
    """A connection that waits for no lock longer than ``wait_seconds``; a server that is full or starts is waited for as long."""
    deadline = time.monotonic() + postgres.wait_seconds
    while True:
        try:
            connection = psycopg.connect(conninfo(postgres, connect_timeout=10), autocommit=True)
            break
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline or not any(word in str(error) for word in PASSING):
                raise
            time.sleep(0.5)
    for option in (*OURS, f"SET lock_timeout = {int(postgres.wait_seconds * 1000)}"):
        connection.execute(option)
    connection.autocommit = False
    return connection


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
    text, whole = " ".join(first_line(error).split()), str(error)
    for kind, word, help_ in HELPS:
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
