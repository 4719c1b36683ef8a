"""What a run left, beside what a quiet run of the same dates left: tables, the mart, files."""

import datetime
import json
import pathlib
import re
from collections import Counter
from collections.abc import Iterable

import numpy as np
import psycopg

from conf.figures.performance import PERFORMANCE
from conf.figures.stability import STABILITY
from conf.tables import TABLES
from lake.access import Lake

# Columns that say when something happened, or how many files it was in: each attempt writes its own to runs and findings.
COLUMNS = {"accounting": ("fetched_at",), "maintenance": ("files_compacted", "files_removed")}
# Figures of attempts, times, memory and disk: what faults and the machine make of them.
OF_THE_RUN = {metric.name for metric in (*STABILITY, *PERFORMANCE)} | {"api_retries", "torn_snapshots", "disk_free"}
LEFT_OUT = (
    "the table runs (attempts and their times), accounting.fetched_at (when), files counted in maintenance, rows of health and findings of "
    "attempts, times, memory and disk; versions of the model are counted in the order of their promotion, since "
    "a kill may leave a number unused"
)
SHOWN = 3  # rows of a difference
_DATA = re.compile(rf"({'|'.join(TABLES)})/([a-z_]+=[^/]+/)*part-[^/]+\.parquet")
VERSIONS = ("model_version", "champion_version")


def tables(lake: pathlib.Path) -> dict[str, Counter]:
    """The rows of every table as JSON, how often each is there."""
    stored = Lake(str(lake))
    order = version_order(stored.rows("decisions"))
    return {
        name: Counter(_comparable(name, row, order) for row in stored.rows(name) if not _of_the_run(name, row))
        for name in TABLES
        if name != "runs"
    }


def version_order(decisions: list[dict]) -> dict[str, str]:
    """Version in the registry: its place in the order of promotions."""
    promoted = sorted((row["date"], row["model_version"]) for row in decisions if row["decision"] == "promote")
    return {version: f"promoted {place}" for place, (_, version) in enumerate(promoted)}


def _comparable(table: str, row: dict, order: dict[str, str]) -> str:
    kept = {name: value for name, value in row.items() if name not in COLUMNS.get(table, ())}
    kept |= {name: order.get(kept[name], kept[name]) for name in VERSIONS if name in kept}
    return json.dumps(kept, default=str)


def _of_the_run(table: str, row: dict) -> bool:
    return table in ("health", "findings") and row["metric"] in OF_THE_RUN


def differences(found: dict[str, Counter], quiet: dict[str, Counter]) -> list[str]:
    lines = []
    for name, rows in quiet.items():
        missing, more = rows - found[name], found[name] - rows
        if missing or more:
            lines.append(
                f"{name}: {missing.total()} rows of the quiet run are missing, {more.total()} are there beside them"
            )
            lines += [f"    missing {row[:400]}" for row in list(missing)[:SHOWN]]
            lines += [f"    beside  {row[:400]}" for row in list(more)[:SHOWN]]
    return lines


def files(lake: pathlib.Path) -> set[str]:
    """The kinds of files, but for logs and data of tables: each path with what differs from one to the next taken out.

    A data file that no commit names is what VACUUM removes; a killed server's log of events is removed a day later.
    """
    kinds = {_kind(str(path.relative_to(lake))) for path in lake.rglob("*") if path.is_file()}
    return {kind for kind in kinds if not (_DATA.fullmatch(kind) or kind.startswith("logs/"))}


def _kind(path: str) -> str:
    """The path without dates, numbers, and the parts of names that are drawn by chance.

    >>> _kind("tracks/part-00000-1b2f4c6a-0d3e-4f5a-8b7c-9d0e1f2a3b4c-c000.snappy.parquet")
    'tracks/part-#-#-c#.snappy.parquet'
    """
    path = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "#", path)
    return re.sub(r"\d+", "#", re.sub(r"\d+(-\d+)+", "#", path))


MART = {
    "recommendations": "SELECT date, user_id, rank, track_id, score, source, because, model_version FROM recommendations",
    "listen_history": "SELECT user_id, listened_at, position, track_id, updated_at, first_seen FROM listen_history",
    "tracks": "SELECT track_id, name, artist, songwriters, album, genres, duration_s, first_seen FROM tracks",
    "users": "SELECT user_id, first_seen FROM users",
    "evaluations": "SELECT date, kind, model, metric, k, value, users FROM evaluations",
    "decisions": "SELECT date, step, decision, reason, model_version, champion_version FROM decisions",
}


def mart_differences(url: str, lake: pathlib.Path) -> list[str]:
    """Where the mart is not what the lake holds, no list is attached to no table, and no lock is held."""
    stored, lines = Lake(str(lake)), []
    with psycopg.connect(url, autocommit=True) as connection:
        for name, query in MART.items():
            columns = query.removeprefix("SELECT ").partition(" FROM ")[0].split(", ")
            there = Counter(_plain(row) for row in connection.execute(query))
            ours = Counter(_plain(row[column] for column in columns) for row in _of_lake(stored, name))
            if there != ours:
                lines.append(f"mart, {name}: {(ours - there).total()} rows missing, {(there - ours).total()} too many")
                lines += [f"    missing {row[:300]}" for row in list(ours - there)[:SHOWN]]
                lines += [f"    beside  {row[:300]}" for row in list(there - ours)[:SHOWN]]
        loose = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND NOT relispartition AND relname ~ '_[0-9]'"
            "AND relnamespace = 'public'::regnamespace"
        ).fetchall()
        locks = connection.execute("SELECT pid FROM pg_locks WHERE locktype = 'advisory'").fetchall()
    lines += [f"mart: {name} is left of a publication" for (name,) in loose]
    return lines + [f"mart: process {pid} of the server still holds the publisher's lock" for (pid,) in locks]


def _plain(values: Iterable[object]) -> str:
    """A row in one spelling: moments in UTC, figures to the precision of a ``real``."""
    return repr(
        [
            value.astimezone(datetime.UTC).isoformat()
            if isinstance(value, datetime.datetime)
            else str(np.float32(value))
            if isinstance(value, float)
            else value
            for value in values
        ]
    )


def _of_lake(stored: Lake, name: str) -> list[dict]:
    if name != "listen_history":
        return stored.rows(name)
    newest: dict[tuple, object] = {}
    rows = stored.rows("listens")
    for row in rows:
        key = row["user_id"], row["listened_at"]
        newest[key] = max(newest.get(key, row["updated_at"]), row["updated_at"])
    return [row for row in rows if newest[row["user_id"], row["listened_at"]] == row["updated_at"]]
