"""The recorded figures, by what they are figures of and in the order of their dates. Read without Spark."""

import datetime
from collections.abc import Mapping

from lake.access import Lake

Key = tuple[str, str]  # metric and label, as conf/figures declares them
Point = tuple[datetime.date, float]
Series = dict[Key, list[Point]]
DayFigures = dict[Key, float]

DAYS = 60


def read(lake: Lake, until: datetime.date, days: int = DAYS) -> Series:
    """What the table ``health`` has of the ``days`` up to and including ``until``."""
    since = until - datetime.timedelta(days=days - 1)
    rows = lake.rows("health", [("date", ">=", since), ("date", "<=", until)])
    return of_rows(rows)


def of_rows(rows: list[dict]) -> Series:
    """Rows of ``health`` as series."""
    found: Series = {}
    for row in sorted(rows, key=lambda row: row["date"]):
        found.setdefault((row["metric"], row["label"]), []).append((row["date"], row["value"]))
    return found


def on(series: Mapping[Key, list[Point]], date: datetime.date) -> DayFigures:
    """The figures of one date."""
    return {key: value for key, points in series.items() for day, value in points if day == date}


def before(series: Mapping[Key, list[Point]], key: Key, date: datetime.date, days: int = DAYS) -> list[Point]:
    """The points of one series on the ``days`` before a date."""
    since = date - datetime.timedelta(days=days)
    return [(day, value) for day, value in series.get(key, []) if since <= day < date]
