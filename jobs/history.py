"""What people had listened to, as it was known at the end of a day."""

import datetime

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F


def midnight(date: datetime.date, days: int = 0) -> Column:
    """The moment (UTC) at which ``date`` plus ``days`` begins."""
    return F.lit(date + datetime.timedelta(days=days)).cast("timestamp")


def current(listens: DataFrame) -> DataFrame:
    """Plays of the latest version of each history row (key: user_id, listened_at)."""
    newest = F.max("updated_at").over(Window.partitionBy("user_id", "listened_at"))
    return listens.withColumn("newest", newest).filter("updated_at = newest").drop("newest")


def plays_as_of(listens: DataFrame, date: datetime.date) -> DataFrame:
    """Plays known and heard by the end of ``date``: user_id, track_id, listened_at."""
    known = listens.filter((F.col("first_seen") <= F.lit(date)) & (F.col("listened_at") < midnight(date, 1)))
    return current(known).select("user_id", "track_id", "listened_at")


def interactions(plays: DataFrame) -> DataFrame:
    """One row per user and track: ``plays`` (int), ``first_play`` and ``last_play`` (timestamps)."""
    return plays.groupBy("user_id", "track_id").agg(
        F.count("*").cast("int").alias("plays"),
        F.min("listened_at").alias("first_play"),
        F.max("listened_at").alias("last_play"),
    )


def discoveries(plays: DataFrame, start: datetime.date, end: datetime.date) -> DataFrame:
    """user_id, track_id, each once: tracks first played by the user from ``start`` to the end of ``end``.

    These are what a list made before ``start`` could have been right about.
    """
    first = plays.groupBy("user_id", "track_id").agg(F.min("listened_at").alias("first_play"))
    return first.filter((F.col("first_play") >= midnight(start)) & (F.col("first_play") < midnight(end, 1))).select(
        "user_id", "track_id"
    )
