"""Take back what an earlier revision of a date told of tracks or users, before the date is merged again.

A table keeps of each row only its first and last date and the newest attributes. Where the date that is
recomputed gave one of those, and its rows are refused now, the row becomes what the other dates make of it:
it goes where no other held it, ``last_seen`` and the attributes go back to the newest date before, and
``first_seen`` waits at ``last_seen`` for the dates after, which are merged again in their turn.
"""

import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from conf.contract import Entity
from conf.tables import TABLES
from jobs.cleaning import rows
from jobs.cleaning.snapshot import open_snapshot, read_checked
from jobs.cleaning.suppressed import hold_against_list
from jobs.runtime.frames import SparkLake


def take_back(
    lake: SparkLake, clean: DataFrame, entity: Entity, date: datetime.date, timezone: str, marker: str
) -> None:
    """Correct the rows of the entity's table that ``date`` had and that are not in ``clean`` now."""
    key = TABLES[entity.name].key
    stored = lake.read(entity.name)
    spoken_of = stored.filter((F.col("first_seen") == F.lit(date)) | (F.col("last_seen") == F.lit(date)))
    gone = spoken_of.join(clean.select(*key), list(key), "left_anti").select(TABLES[entity.name].names).toArrow()
    if not gone.num_rows:
        return
    was = lake.spark.createDataFrame(gone, TABLES[entity.name].ddl)
    ended = F.col("last_seen") == F.lit(date)
    later = was.filter(~ended).withColumn("first_seen", F.col("last_seen"))
    earlier = before(lake, was.filter(ended & (F.col("first_seen") < F.lit(date))), entity, date, timezone)
    deleted = was.filter(ended).join(earlier.select(*key), list(key), "left_anti")
    nothing = deleted.withColumn("last_seen", F.lit(None).cast("date"))
    lake.correct(later.unionByName(earlier).unionByName(nothing), entity.name, marker)


def before(lake: SparkLake, sought: DataFrame, entity: Entity, date: datetime.date, timezone: str) -> DataFrame:
    """The rows as the newest date before ``date`` had them; those that none of the dates run before had are left out.

    Raises:
        Refused: a raw folder that has to be looked at is not kept any more.
    """
    table = TABLES[entity.name]
    found = lake.spark.createDataFrame([], table.ddl)
    used = lake.rows("accounting", [("date", "<", date), ("entity", "=", entity.name)], ["date", "snapshot_date"])
    for row in sorted(used, key=lambda row: row["date"], reverse=True):
        if sought.isEmpty():
            break
        hold_against_list(lake.root, entity, row["snapshot_date"])
        snapshot = open_snapshot(lake.root, entity, row["snapshot_date"], timezone)
        held = rows.clean(rows.with_outcome(read_checked(lake.spark, snapshot), entity))
        here = held.join(sought.select(*table.key, "first_seen"), list(table.key))
        # Few rows, held in memory: the next dates are asked for the others only.
        dated = here.withColumn("last_seen", F.lit(row["date"])).select(table.names).toArrow()
        here = lake.spark.createDataFrame(dated, table.ddl)
        found = found.unionByName(here)
        sought = sought.join(here, list(table.key), "left_anti")
    return found
