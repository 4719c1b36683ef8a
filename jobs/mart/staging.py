"""The day's rows of the lake, in temporary tables of the publisher's session: they go with it, however it ends.

``new_tracks`` and ``new_users`` hold the whole tables, ``new_plays`` the versions of the days that the mart has not taken
in, ``new_evaluations`` and ``new_decisions`` all up to the date.
"""

import dataclasses
import datetime
import json

import psycopg
import pyarrow as pa

from conf.errors import Refused
from conf.tables import TABLES
from jobs.mart.connection import scalar
from jobs.mart.copying import copy
from lake.access import Lake

PG_TYPES = {"string": "text", "int": "integer", "timestamp": "timestamptz"}  # others have the same name there
OF_THE_API = ("created_at", "updated_at")  # of a track; they stay in the lake
SOURCES = {
    "new_tracks": ("tracks", tuple(name for name in TABLES["tracks"].names if name not in OF_THE_API)),
    "new_users": ("users", ("user_id", "first_seen", "last_seen")),
    "new_plays": ("listens", ("user_id", "listened_at", "position", "track_id", "updated_at", "first_seen")),
    "new_evaluations": (
        "evaluations",
        ("date", "kind", "model", "metric", "k", "model_version", "value", "low", "high", "users"),
    ),
}


def ddl(name: str) -> str:
    """The columns of a temporary table that a table of the lake fills, as PostgreSQL has them."""
    table, columns = SOURCES[name]
    types = {column: TABLES[table].column(column).type for column in columns}
    return ", ".join(f"{column} {PG_TYPES.get(type_, type_)}" for column, type_ in types.items())


DDL = {
    "new_tracks": f"{ddl('new_tracks')}, PRIMARY KEY (track_id)",
    "new_users": f"{ddl('new_users')}, PRIMARY KEY (user_id)",
    "new_plays": ddl("new_plays"),
    "new_evaluations": "LIKE evaluations",
    "new_decisions": (
        "date date, step text, decision text, reason text, figures text, model_version text, champion_version text"
    ),
}


@dataclasses.dataclass(frozen=True)
class PlayHistory:
    """Which days' plays are to be taken in, with the revision of each; ``whole`` puts all of them right anew."""

    days: dict[datetime.date, int]
    whole: bool

    @property
    def filters(self) -> list:
        return [("first_seen", "in", sorted(self.days))]


def stage(connection: psycopg.Connection, lake: Lake, date: datetime.date, history: PlayHistory) -> None:
    """Make and fill the temporary tables.

    Raises:
        Refused: other rows arrived than the lake counts.
    """
    for name, ddl in DDL.items():
        connection.execute(f"CREATE TEMP TABLE {name} ({ddl})")
    fill(connection, lake, "new_tracks", [])
    fill(connection, lake, "new_users", [])
    if history.days:
        fill(connection, lake, "new_plays", history.filters)
    fill(connection, lake, "new_evaluations", [("date", "<=", date)])
    rows = [{**row, "figures": valid(row["figures"])} for row in lake.rows("decisions", [("date", "<=", date)])]
    if rows:
        table = pa.Table.from_pylist(rows)
        copy(connection, "new_decisions", table.schema.names, table.to_batches())
    for name in DDL:
        connection.execute(f"ANALYZE {name}")


def fill(connection: psycopg.Connection, lake: Lake, name: str, filters: list) -> None:
    """
    Raises:
        Refused: other rows arrived than the lake counts.
    """
    table, columns = SOURCES[name]
    copied = copy(connection, name, list(columns), lake.batches(table, filters, list(columns)))
    require_count(table, copied, lake.count(table, filters))


def require_count(table: str, copied: int, counted: int) -> None:
    """
    Raises:
        Refused: they differ.
    """
    if copied != counted:
        raise Refused(
            f"{table}: {copied:,} rows arrived in the mart, the lake has {counted:,}; nothing was published. Run again"
        )


def valid(figures: str | None) -> str | None:
    """JSON that PostgreSQL takes: without NaN and infinities, and without NUL in texts."""
    try:
        text = json.dumps(json.loads(figures or "", parse_constant=lambda _: None))
    except ValueError:
        return None
    return text.replace("\\u0000", "")


def history(connection: psycopg.Connection, lake: Lake, date: datetime.date) -> PlayHistory:
    """The days up to ``date`` that the mart has not taken in.

    A day that was recomputed may have lost rows, and those that they had replaced hold again: then all days are
    put right.
    """
    cleaned = lake.rows("accounting", [("date", "<=", date), ("entity", "=", "listen_history")], ["date", "revision"])
    wanted = {row["date"]: row["revision"] for row in cleaned}
    # Of a history that somebody has emptied nothing is taken in.
    query = "SELECT date, revision FROM history_days WHERE EXISTS (SELECT FROM listen_history)"
    taken: dict = dict(connection.execute(query).fetchall())
    missing = {day: revision for day, revision in wanted.items() if taken.get(day, -1) < revision}
    whole = any(day in taken and revision > 1 for day, revision in missing.items())
    return PlayHistory({**taken, **wanted} if whole else missing, whole)


def empty(connection: psycopg.Connection) -> bool:
    """Whether nothing has been published yet: nobody reads what can be written in the quick way."""
    return not scalar(connection, "SELECT EXISTS (SELECT FROM publications) OR EXISTS (SELECT FROM listen_history)")
