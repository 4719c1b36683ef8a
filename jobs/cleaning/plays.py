"""Listening history by play: one row per item of a history row.

A row that breaks a rule of its own takes all of its plays with it; a play that breaks one goes alone.
"""

import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def explode_plays(rows: DataFrame) -> DataFrame:
    """One row per play: ``track_id`` (bigint), ``position``, reasons of row and play together.

    Args:
        rows: history rows with ``outcome``; ``track_id`` and ``item_reasons`` are their items as
            :func:`jobs.cleaning.checks.checked` gives them. A row with no usable items becomes one play.
    """
    keep = [name for name in rows.columns if name not in ("track_id", "reasons")]
    plays = rows.select(*keep, "reasons", F.posexplode_outer("track_id").alias("position", "track_id"))
    own = F.get("item_reasons", F.col("position"))
    added = F.when(F.size(own) > 0, F.concat("reasons", own)).otherwise(F.col("reasons"))
    return plays.withColumn("reasons", added).drop("item_reasons")


def add_unknown(rows: DataFrame, ids: DataFrame, column: str, reason: str) -> DataFrame:
    """Add ``reason`` to rows whose ``column`` is an id that ``ids`` does not hold.

    Args:
        rows: with ``reasons`` and the column.
        ids: the column, each id once: the clean rows of the entity in the same snapshot.
    """
    known = ids.select(column, F.lit(True).alias("known"))
    unknown = F.col(column).isNotNull() & F.col("known").isNull()
    added = F.when(unknown, F.concat("reasons", F.array(F.lit(reason)))).otherwise(F.col("reasons"))
    return rows.join(known, column, "left").withColumn("reasons", added).drop("known")


def with_play_outcome(plays: DataFrame, date: datetime.date) -> DataFrame:
    """``outcome`` by play: quarantined, duplicate (as its row), later (after the date) or clean."""
    outcome = (
        F.when(F.size("reasons") > 0, "quarantined")
        .when(F.col("outcome") == "duplicate", "duplicate")
        .when(F.col("listened_at") >= F.lit(date + datetime.timedelta(days=1)).cast("timestamp"), "later")
        .otherwise("clean")
    )
    return plays.withColumn("outcome", outcome)
