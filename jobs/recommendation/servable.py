"""Who and what there was on a date, by its own snapshot, whatever has been fetched since."""

import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from conf.contract import TRACKS, Entity
from conf.errors import Refused
from jobs.cleaning.snapshot import open_snapshot, read_checked
from jobs.runtime.frames import SparkLake
from lake.access import Lake


def genres_on(lake: SparkLake, entity: Entity, date: datetime.date, timezone: str) -> DataFrame:
    """The ids, each once, of the clean rows in the snapshot that ``date`` was cleaned from, with ``genres``.

    Genres (text, null where there is none) are a track's, or a user's favourites; of several rows of an id those of
    the latest. The table does not say: its ``last_seen`` moves on with later dates.
    """
    used = cleaned(lake, entity, date)["snapshot_date"]
    rows = read_checked(lake.spark, open_snapshot(lake.root, entity, used, timezone)).filter(F.size("reasons") == 0)
    genres = F.col("genres" if entity is TRACKS else "favorite_genres")
    latest = F.max(F.struct("updated_at", genres.alias("genres")))
    return rows.groupBy(entity.field("id").target).agg(latest["genres"].alias("genres"))


def cleaned(lake: Lake, entity: Entity, date: datetime.date) -> dict:
    """The row of ``accounting`` that cleaning an entity on a date left.

    Raises:
        Refused: there is none.
    """
    rows = lake.rows("accounting", [("date", "=", date), ("entity", "=", entity.name)])
    if not rows:
        raise Refused(f"{entity.name} of {date} have not been cleaned; run the date's Clean tasks first")
    return rows[0]
