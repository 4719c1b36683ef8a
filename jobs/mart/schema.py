"""The mart's schema: versioned migrations by Alembic (``migrations/versions``), and the role that may only read."""

import pathlib
from collections.abc import Callable

import psycopg
import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import sql

from conf.errors import Refused

# Tables and views that a role may not read; a partition is read through its table.
UNREADABLE = """
    SELECT relname FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v')
      AND NOT relispartition AND NOT has_table_privilege(%s, oid, 'SELECT')
"""
FOLDER = pathlib.Path(__file__).with_name("migrations")


def upgrade(connect: Callable[[], psycopg.Connection]) -> None:
    """Apply the revisions that are not applied yet, all of them or none.

    Args:
        connect: makes a connection whose search path begins with the schema that the mart lives in.

    Raises:
        Refused: the schema is one that this code does not know.
    """
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    engine = sqlalchemy.create_engine("postgresql+psycopg://", creator=connect, poolclass=sqlalchemy.pool.NullPool)
    try:
        with engine.begin() as connection:
            found, newest = MigrationContext.configure(connection).get_current_revision(), scripts.get_current_head()
            if found not in {None, *(script.revision for script in scripts.walk_revisions())}:
                raise Refused(
                    f"[postgres]: the mart's schema is {found}, newer than this version's {newest}; update the code"
                )
            if found != newest:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
    except sqlalchemy.exc.DBAPIError as error:
        raise (error.orig or error) from error  # the driver's own, as everywhere else


def let_read(connection: psycopg.Connection, role: str) -> str:
    """Make the role where it is not there, and let it read every table and view.

    Returns:
        the SQL that a role with more rights must run; empty where all is done.
    """
    name = sql.Identifier(role)
    if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
        create = sql.SQL("CREATE ROLE {} NOLOGIN").format(name)
        try:
            with connection.transaction():
                connection.execute(create)
        except psycopg.errors.InsufficientPrivilege:
            return create.as_string(connection)
    if connection.execute(UNREADABLE, [role]).fetchone():
        with connection.transaction():
            found = connection.execute("SELECT current_schema()").fetchone()
            schema = sql.Identifier(found[0] if found else "public")
            for grant in ("GRANT USAGE ON SCHEMA {} TO {}", "GRANT SELECT ON ALL TABLES IN SCHEMA {} TO {}"):
                connection.execute(sql.SQL(grant).format(schema, name))
    return ""
