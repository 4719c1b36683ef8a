"""How the mart is reached: what the settings say, as libpq reads it."""

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from conf.errors import BadSetting
from conf.settings import PostgresSettings


def conninfo(postgres: PostgresSettings, **defaults: str | int) -> str:
    """The connection string; ``defaults`` hold where the URL is silent. It may hold the password: never show it.

    Raises:
        BadSetting: the URL is not one.
    """
    try:
        given = conninfo_to_dict(postgres.url)
    except psycopg.ProgrammingError:
        raise BadSetting(
            "[postgres] url: found (not shown), required is postgresql://user@host:port/database"
        ) from None
    secret = {"password": postgres.password} if postgres.password else {}
    return make_conninfo("", **{"application_name": "moovitamix publish", **defaults, **given, **secret})


def address(postgres: PostgresSettings) -> str:
    """Where the mart is, to be shown: without user and password."""
    given = conninfo_to_dict(conninfo(postgres))
    return f"{given.get('host', 'localhost')}:{given.get('port', 5432)}/{given.get('dbname', '')}"
