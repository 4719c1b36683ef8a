"""What users had listened to, as it was known at the end of a day."""

import datetime
from collections.abc import Mapping
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from conf import sql_text
from conf.current_plays import current_plays, known_by
from conf.settings import AlsSettings


def midnight(date: datetime.date, days: int = 0) -> Column:
    """The moment (UTC) at which ``date`` plus ``days`` begins."""
    return F.lit(sql_text.midnight(date + datetime.timedelta(days=days)))


def plays_as_of(listens: DataFrame, date: datetime.date) -> DataFrame:
    """Plays known and heard by the end of ``date``: user_id, track_id, listened_at."""
    return listens.sparkSession.sql(current_plays("{listens}", where=known_by(date)), listens=listens)


def interactions(plays: DataFrame) -> DataFrame:
    """One row per user and track: ``plays`` (int), ``first_play`` and ``last_play`` (timestamps)."""
    return plays.groupBy("user_id", "track_id").agg(*_of_pair())


def _of_pair() -> list[Column]:
    return [
        F.count("*").cast("int").alias("plays"),
        F.min("listened_at").alias("first_play"),
        F.max("listened_at").alias("last_play"),
    ]


def weighted(plays: DataFrame, end: datetime.date, recipe: Mapping[str, Any]) -> DataFrame:
    """:func:`interactions` with ``weight`` (float): the plays as a model's ``recipe`` counts them at the end of ``end``.

    A play weighs 1 or, with ``half_life_days``, half as much for each such time that has passed since; ``weighting``
    of ``log`` takes log(1 + x) of the sum (as in Hu, Koren and Volinsky 2008, equation 6), of ``once`` 1 where it is
    more. A recipe without these keys counts plays as they are.
    """
    half_life = float(recipe.get("half_life_days", 0))
    if half_life:
        age = (F.unix_micros(midnight(end, 1)) - F.unix_micros("listened_at")) / F.lit(86_400e6)
        amount = F.sum(F.pow(F.lit(0.5), age / half_life))
    else:
        amount = F.count("*").cast("double")
    by_name = {"plays": amount, "log": F.log1p(amount), "once": F.least(amount, F.lit(1.0))}
    weight = by_name[recipe.get("weighting", "plays")]
    return plays.groupBy("user_id", "track_id").agg(*_of_pair(), weight.cast("float").alias("weight"))


def trained_on(pairs: DataFrame, als: AlsSettings) -> DataFrame:
    """The pairs of users with ``min_user_tracks`` tracks and of tracks with ``min_track_users`` users at least."""
    for column, least in (("user_id", als.min_user_tracks), ("track_id", als.min_track_users)):
        if least > 1:
            enough = pairs.groupBy(column).agg(F.count("*").alias("found")).filter(F.col("found") >= least)
            pairs = pairs.join(enough, column, "semi")
    return pairs


def played(plays: DataFrame, start: datetime.date, end: datetime.date) -> DataFrame:
    """user_id, track_id, each pair once, of what was played from ``start`` to the end of ``end``.

    Returns:
        also ``plays`` (bigint: in those days) and ``heard`` (boolean: the user had played it before ``start``).
    """
    within = F.count_if(F.col("listened_at") >= midnight(start)).alias("plays")
    heard = (F.min("listened_at") < midnight(start)).alias("heard")
    until = plays.filter(F.col("listened_at") < midnight(end, 1))
    return until.groupBy("user_id", "track_id").agg(within, heard).filter("plays > 0")
