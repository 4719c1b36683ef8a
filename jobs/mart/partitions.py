"""Lists by partition: loaded beside the table that applications read, attached whole, and taken away again.

What PostgreSQL locks decides how. ATTACH takes SHARE UPDATE EXCLUSIVE on the table and, to check the foreign keys that it
adds, SHARE ROW EXCLUSIVE on what they name: no reader notices either. Foreign keys made before would be merged with
the table's, for which ATTACH locks ``tracks`` and ``users`` against readers; so they are left to it. A table with
foreign keys can only be dropped under such a lock: it is emptied, and dropped in a moment when nobody reads.
"""

import logging
import time

import psycopg
from psycopg import errors, sql

log = logging.getLogger("jobs.mart")

NAMES = "[0-9]{4}_[0-9]{2}_[0-9]{2}|[0-9]+"  # of partitions, after the table's: dates and versions
DROPS = 40  # tries, 25 ms apart, to drop what is no longer listed; what is left is tried again by the next day
# What other people's locks, views, keys and default partitions do to a table that is to go: it stays, and no day fails.
HELD = (
    errors.LockNotAvailable,
    errors.DependentObjectsStillExist,
    errors.ObjectNotInPrerequisiteState,
    errors.FeatureNotSupported,
    errors.InsufficientPrivilege,
)
PLANNING = 2.0  # seconds at most for readers to finish what they planned before a partition came


def name_of(table: str, value: object) -> str:
    """The partition of a date or a model's version."""
    return f"{table}_{str(value).replace('-', '_')}"


def attached(connection: psycopg.Connection, table: str) -> set[str]:
    """The partitions that readers of the table see."""
    query = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass AND NOT inhdetachpending"
    return {name.strip('"') for (name,) in connection.execute(query, [table])}


def filled(connection: psycopg.Connection, table: str, partition: str) -> bool:
    """Whether readers of the table see the partition, and it has rows: somebody may have emptied it."""
    if partition not in attached(connection, table):
        return False
    query = sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier(partition))
    return bool((connection.execute(query).fetchone() or [False])[0])


def create(connection: psycopg.Connection, table: str, column: str, value: object) -> str:
    """A bare table beside ``table`` for one partition's rows; returns its name.

    The check tells ATTACH that it need not look at each row.
    """
    name = name_of(table, value)
    connection.execute(
        sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING COMMENTS, CHECK ({} = {}))").format(
            sql.Identifier(name), sql.Identifier(table), sql.Identifier(column), sql.Literal(value)
        )
    )
    return name


def add_key(connection: psycopg.Connection, name: str, key: list[str]) -> None:
    """The primary key of a loaded table, and statistics for those who will plan with it."""
    columns = sql.SQL(", ").join(map(sql.Identifier, key))
    connection.execute(sql.SQL("ALTER TABLE {} ADD PRIMARY KEY ({})").format(sql.Identifier(name), columns))
    connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(name)))


def attach(connection: psycopg.Connection, table: str, value: object) -> None:
    """Let readers see a loaded table; its foreign keys are added and checked."""
    connection.execute(
        sql.SQL("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES IN ({})").format(
            sql.Identifier(table), sql.Identifier(name_of(table, value)), sql.Literal(value)
        )
    )


def let_planned_finish(connection: psycopg.Connection, *tables: str) -> None:
    """Wait for the statements that may have been planned before a partition came: they would not look into it.

    Who plans holds the table's lock until its transaction ends. One that goes on for longer than ``PLANNING``
    is past planning, and reads what was there when it began.
    """
    query = """
        SELECT virtualtransaction FROM pg_locks
        WHERE relation = ANY(%s::regclass[]) AND granted AND pid <> pg_backend_pid()
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    """
    waited, deadline = {name for (name,) in connection.execute(query, [list(tables)])}, time.monotonic() + PLANNING
    while waited and time.monotonic() < deadline:
        time.sleep(0.002)
        waited &= {name for (name,) in connection.execute(query, [list(tables)])}


def retire(connection: psycopg.Connection, table: str, kept: set[str]) -> int:
    """Take away the partitions that are not ``kept``, with no reader waiting; returns how many.

    A partition that another session has locked is left for the next time.
    """
    going = sorted(attached(connection, table) - kept)
    pending = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass AND inhdetachpending"
    before = connection.execute("SHOW lock_timeout").fetchone() or ("0",)
    connection.execute("SET lock_timeout = '5s'")
    try:
        for (name,) in connection.execute(pending, [table]).fetchall():
            detach(connection, table, name.strip('"'), "FINALIZE")
        for name in going:
            detach(connection, table, name, "CONCURRENTLY")
    except HELD as error:
        log.warning("%s: old lists stay until the next day: %s", table, error.diag.message_primary)
    finally:
        connection.execute("SELECT set_config('lock_timeout', %s, false)", before)
    return len(going)


def detach(connection: psycopg.Connection, table: str, name: str, how: str) -> None:
    statement = sql.SQL("ALTER TABLE {} DETACH PARTITION {} {}")
    words = sql.SQL("FINALIZE") if how == "FINALIZE" else sql.SQL("CONCURRENTLY")
    connection.execute(statement.format(sql.Identifier(table), sql.Identifier(name), words))


def sweep(connection: psycopg.Connection, *tables: str) -> None:
    """Drop what is not attached: retired partitions, and what a killed publisher left loaded. Others' tables stay."""
    for table in tables:
        query = r"""
            SELECT relname FROM pg_class c
            WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relname ~ %s
              AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = c.oid)
        """
        for (name,) in connection.execute(query, [f"^{table}_({NAMES})$"]).fetchall():
            drop(connection, name)


def drop(connection: psycopg.Connection, name: str) -> None:
    """Empty a table that is not attached, and drop it where nobody reads what its foreign keys name."""
    try:
        connection.execute(sql.SQL("TRUNCATE {}").format(sql.Identifier(name)))
    except HELD as error:
        log.warning("%s stays until the next day: %s", name, error.diag.message_primary)
        return
    for _ in range(DROPS):
        try:
            with connection.transaction():
                referred = "SELECT DISTINCT confrelid::regclass::text FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass"
                for (other,) in connection.execute(referred, [name]).fetchall():
                    connection.execute(
                        sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE NOWAIT").format(sql.Identifier(other))
                    )
                connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))
            return
        except errors.LockNotAvailable:
            time.sleep(0.025)
        except HELD as error:
            log.warning("%s is emptied, and stays: %s", name, error.diag.message_primary)
            return
    log.warning("%s is emptied, and will be dropped by a later day: tables are being read", name)
