"""The data mart: all rows of a user go with the user's own (ON DELETE CASCADE), in one transaction."""

from collections.abc import Iterator

from psycopg import sql

from conf.settings import PostgresSettings
from jobs.mart import partitions
from jobs.mart.connection import patiently, publisher, scalar
from jobs.mart.publication import PARTITIONED
from jobs.privacy.person import Person

TABLES = "users, listen_history, recommendations"
READ = """
    SELECT c.relname, EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'user_id')
    FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' ORDER BY 1
"""


def remove(postgres: PostgresSettings, user_id: int) -> None:
    """Delete, and let VACUUM clear the rows from the tables' pages.

    Raises:
        Refused: the mart cannot be reached, or another session locks its tables for too long.
    """
    with publisher(postgres) as connection:
        if not scalar(connection, "SELECT to_regclass('users') IS NOT NULL"):
            return
        partitions.sweep(connection, *PARTITIONED)

        def delete() -> None:
            connection.execute("DELETE FROM users WHERE user_id = %s", [user_id])

        patiently(connection, postgres, delete)
        connection.execute(f"VACUUM {TABLES}")


def count(postgres: PostgresSettings, person: Person) -> Iterator[tuple[str, int, int]]:
    """Place, rows looked at and rows found, of every table there is."""
    with publisher(postgres) as connection:
        for name, by_id in connection.execute(READ).fetchall():
            table = sql.Identifier(name)
            tests = [sql.SQL("position({} in t::text) > 0").format(sql.Literal(text)) for text in person.texts]
            tests += [sql.SQL("user_id = {}").format(sql.Literal(person.user_id))] if by_id else []
            where = sql.SQL(" OR ").join(tests) if tests else sql.SQL("false")
            query = sql.SQL("SELECT count(*), count(*) FILTER (WHERE {}) FROM {} t").format(where, table)
            for looked_at, found in connection.execute(query):
                yield f"mart {name}", looked_at, found
