"""Which tracks and users each cleaned date's snapshot held, with their genres: what could be served then, and to whom.

``tracks_served`` and ``users_served`` keep spans of dates. A date gives its state to all days until the next date that
has been cleaned, so the spans are the same in whatever order dates are cleaned.
"""

import datetime

import pyarrow as pa
from deltalake import DeltaTable
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from conf.contract import TRACKS, Entity
from conf.tables import TABLES, marker
from jobs.cleaning import TASKS
from jobs.cleaning.spans import REMOVED, corrections
from lake import delta
from lake.access import Lake
from lake.delta import arrow_schema
from lake.turns import correct_in_turn


def table_of(entity: Entity) -> str:
    return f"{entity.name}_served"


def marker_of(entity: Entity, date: datetime.date) -> str:
    """Stands once the spans say what the date's snapshot held."""
    return marker(table_of(entity), TASKS[entity.name], date)


def record(lake: Lake, clean: DataFrame, entity: Entity, date: datetime.date) -> None:
    """Write down what a date's snapshot held, in one commit with the date's marker.

    Args:
        clean: the snapshot's clean rows, as the entity's table has them.
    """
    key = TABLES[table_of(entity)].key[0]
    genres = F.col("genres" if entity is TRACKS else "favorite_genres")
    held = clean.select(key, genres.alias("genres")).toArrow()

    def changed(stored: DeltaTable) -> pa.Table:
        spans = delta.query(stored, "SELECT * FROM stored").cast(arrow_schema(TABLES[table_of(entity)]))
        return corrections(spans, held, key, date, following(lake, stored, entity, date))

    correct_in_turn(lake, table_of(entity), marker_of(entity, date), changed, REMOVED)


def following(lake: Lake, stored: DeltaTable, entity: Entity, date: datetime.date) -> datetime.date | None:
    """The next date whose state a version of the table has; accounting is written first, so it names them all."""
    accounted = lake.rows("accounting", [("entity", "=", entity.name), ("date", ">", date)], ["date"])
    for later in sorted(row["date"] for row in accounted):
        if stored.transaction_version(marker_of(entity, later)) is not None:
            return later
    return None
