"""Who and what there was on a date, whatever has been fetched since."""

import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from conf.contract import Entity
from conf.errors import Refused
from conf.tables import TABLES
from jobs.cleaning.served import marker_of, table_of
from jobs.runtime.frames import SparkLake
from lake.access import Lake


def served_on(lake: SparkLake, entity: Entity, date: datetime.date) -> DataFrame:
    """The ids, each once, of the clean rows in the snapshot that ``date`` was cleaned from, with ``genres``.

    Genres (text, null where there is none) are a track's, or a user's favourites.

    Raises:
        Refused: the date was not cleaned, or it was by an older version and its raw folder is gone.
    """
    account = cleaned(lake, entity, date)
    if not Lake(lake.root, revision=0).committed(marker_of(entity, date)):
        used = account["snapshot_date"]
        raise Refused(
            f"{lake.path(table_of(entity))}: does not say what the snapshot of {date} held; with the raw folder of {used} "
            f"in place (a backup may have it) run python -m jobs clean --entity {entity.name} --date {date} "
            f"--snapshot-date {used} --lake-root {lake.root}"
        )
    day = F.lit(date)
    spans = lake.read(table_of(entity))
    there = (F.col("served_from") <= day) & (F.col("served_until").isNull() | (day < F.col("served_until")))
    return spans.filter(there).select(*TABLES[entity.name].key, "genres")


def cleaned(lake: Lake, entity: Entity, date: datetime.date) -> dict:
    """The row of ``accounting`` that cleaning an entity on a date left.

    Raises:
        Refused: there is none.
    """
    rows = lake.rows("accounting", [("date", "=", date), ("entity", "=", entity.name)])
    if not rows:
        raise Refused(f"{entity.name} of {date} have not been cleaned; run the date's Clean tasks first")
    return rows[0]
