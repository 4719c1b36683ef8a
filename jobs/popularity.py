"""Popular tracks: what people are served of whom too little is known, and what the model is compared with."""

import datetime

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.history import midnight


def popularity(plays: DataFrame, tracks: DataFrame, as_of: datetime.date, days: int) -> DataFrame:
    """Every track with its plays, most popular first by (recent, ever, track_id).

    Args:
        plays: user_id, track_id, listened_at, as of ``as_of``.
        tracks: track_id of what may be served.
        days: how many days up to and including ``as_of`` count as recent.

    Returns:
        track_id, recent (bigint: plays in those days), ever (bigint).
    """
    counts = plays.groupBy("track_id").agg(
        F.count_if(F.col("listened_at") >= midnight(as_of, 1 - days)).alias("recent"), F.count("*").alias("ever")
    )
    known = tracks.select("track_id").join(counts, "track_id", "left").fillna(0, ["recent", "ever"])
    return known.orderBy(F.desc("recent"), F.desc("ever"), "track_id")


def popular_tracks(popular: DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """The ids (int64) and recent plays (float32) of :func:`popularity`, in its order."""
    found = popular.select("track_id", "recent").toArrow()
    return found["track_id"].to_numpy().astype(np.int64), found["recent"].to_numpy().astype(np.float32)
