"""What the application reads of the lake, as SQL through deltalake: every read is as of a date."""

import datetime
from collections.abc import Iterable

import pyarrow as pa
from deltalake import DeltaTable

from app.stores.store import TRACK
from conf.current_plays import current_plays, known_by, play_counts
from conf.decisions import PLACE
from conf.sql_text import literal
from conf.tables import marker

LISTS = "recommendations"


NewestDay = tuple[datetime.date, int, str, frozenset[str]]


def newest_day(lists: DeltaTable, cleaned: Iterable[datetime.date]) -> NewestDay | None:
    """The newest date whose lists are committed whole: it, the marker's version, the table's id, and its files.

    A day that is not over has a marker of version 0, and is not served.

    Args:
        cleaned: dates that may have lists. The table itself names only those with a row in them.
    """
    dates = {part["date"] for part in lists.partitions()} | {str(date) for date in cleaned}
    for text in sorted(dates, reverse=True):
        revision = lists.transaction_version(marker(LISTS, "Recommend", text))
        if revision:
            files = frozenset(lists.file_uris(file_pruning_predicate=f"date = '{text}'"))
            return datetime.date.fromisoformat(text), int(revision), str(lists.metadata().id), files
    return None


def lists_of(date: datetime.date) -> str:
    """In no order: a sort is not answered batch by batch."""
    return f"SELECT user_id, rank, track_id, score, because FROM stored WHERE {on(date)}"


def firsts_of(date: datetime.date) -> str:
    """Source and model of each list, in no order; in every row of a list they are the same."""
    return f"SELECT user_id, source, model_version FROM stored WHERE {on(date)} AND rank = 1"


def catalogue_of(date: datetime.date) -> str:
    """The tracks of all snapshots up to the date, and whether that of the date held them."""
    return (
        f"SELECT {', '.join(TRACK)}, last_seen >= {literal(date)} AS available FROM stored "
        f"WHERE first_seen <= {literal(date)} ORDER BY track_id"
    )


def presence_of(date: datetime.date, user_id: int) -> str:
    """One row: ``present``, whether the date's snapshot held the user; null where none up to the date did."""
    return (
        f"SELECT max(CASE WHEN {_served(date)} THEN 1 ELSE 0 END) AS present FROM stored "
        f"WHERE user_id = {int(user_id)} AND served_from <= {literal(date)}"
    )


def users_of(date: datetime.date, spans: Iterable[tuple[int, int]], limit: int) -> str:
    """The smallest ids that the date's snapshot held, within any of the spans."""
    within = " OR ".join(f"user_id BETWEEN {low} AND {high}" for low, high in spans)
    return f"SELECT user_id FROM stored WHERE {_served(date)} AND ({within}) ORDER BY user_id LIMIT {int(limit)}"


def _served(date: datetime.date) -> str:
    day = literal(date)
    return f"served_from <= {day} AND (served_until IS NULL OR {day} < served_until)"


def plays_of(date: datetime.date, days: int) -> str:
    """``track_id``, ``recent`` (plays in the last days) and ``ever``."""
    plays = current_plays("stored", where=known_by(date))
    return f"{play_counts(f'({plays}) AS plays', date, days)} ORDER BY track_id"


def history_of(date: datetime.date, user_id: int, limit: int) -> str:
    plays = current_plays("stored", "track_id, listened_at, position", f"user_id = {user_id} AND {known_by(date)}")
    return (
        f"SELECT track_id, listened_at FROM ({plays}) AS plays ORDER BY listened_at DESC, position DESC LIMIT {limit}"
    )


def similar_of(version: str) -> str:
    return (
        "SELECT track_id, similar_track_id, score FROM stored "
        f"WHERE model_version = {literal(version)} ORDER BY track_id, rank"
    )


def live_of(date: datetime.date, days: int, k: int) -> str:
    since = date - datetime.timedelta(days=days)
    return (
        "SELECT date, model, model_version, value, low, high, users FROM stored WHERE kind = 'live' AND metric = 'ndcg' "
        f"AND k = {int(k)} AND model IN ('als', 'popularity_als') AND date > {literal(since)} AND date <= {literal(date)} "
        "ORDER BY date"
    )


def decisions_of(date: datetime.date) -> str:
    return f"SELECT {DECISION} FROM stored WHERE {on(date)} ORDER BY {PLACE}"


DECISION = "date, step, decision, reason, model_version"


def on(date: datetime.date) -> str:
    return f"date = {literal(date)}"


def column(table: pa.Table, name: str, type_: pa.DataType) -> pa.ChunkedArray:
    """A column as a plain type, whatever views and dictionaries the engine answers with."""
    return table[name].cast(type_)


def texts(table: pa.Table, names: Iterable[str]) -> pa.Table:
    for name in names:
        table = table.set_column(table.schema.get_field_index(name), name, column(table, name, pa.string()))
    return table
