"""How the mart is reached: what the settings say, as libpq reads it.

The URL alone says where the mart is and what its session is like: PGHOST, PGDATABASE, PGSERVICE, PGOPTIONS or
PGCLIENTENCODING of another program change neither. PGPASSWORD, PGPASSFILE and PGSSL… count where the URL is silent.
"""

import os

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from conf.errors import BadSetting
from conf.settings import PostgresSettings

ENCODING = {"client_encoding": "UTF8"}  # of the texts that we send and take, whatever the database's
# A server that vanishes is noticed within minutes, not hours.
WATCHED: dict[str, str | int] = {
    "application_name": "moovitamix publish",
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
# What libpq would ask the environment for; an empty text is its own default.
OF_THE_URL = ("host", "hostaddr", "port", "dbname", "options", "target_session_attrs")


def conninfo(postgres: PostgresSettings, **defaults: str | int) -> str:
    """The connection string; it may hold the password: never show it.

    ``defaults`` hold where the URL is silent, their options beside the URL's.

    Raises:
        BadSetting: the URL is not one.
    """
    try:
        given = conninfo_to_dict(postgres.url)
    except psycopg.ProgrammingError:
        raise BadSetting(
            "[postgres] url: found (not shown), required is postgresql://user@host:port/database"
        ) from None
    own: dict[str, str] = {}
    if "service" not in given:
        os.environ.pop("PGSERVICE", None)  # an empty name is no default for libpq, but a service that is not found
        own = {**dict.fromkeys(OF_THE_URL, ""), "target_session_attrs": "any"}
    options = " ".join(str(part["options"]) for part in (defaults, given) if part.get("options"))
    secret = {"password": postgres.password} if postgres.password else {}
    return make_conninfo("", **{**WATCHED, **own, **defaults, **given, "options": options, **ENCODING, **secret})


def address(postgres: PostgresSettings) -> str:
    """Where the mart is, to be shown: without user and password."""
    given = conninfo_to_dict(conninfo(postgres))
    return f"{given.get('host') or 'localhost'}:{given.get('port') or 5432}/{given.get('dbname', '')}"
