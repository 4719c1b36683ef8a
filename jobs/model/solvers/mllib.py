"""Spark MLlib's ALS as a solver."""

import dataclasses

import numpy as np
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from conf.errors import CannotFit, Refused
from conf.settings import AlsSettings
from jobs.model.factors import FactorModel
from jobs.model.solvers.csr import NOTHING

BLOCKS = 2


def fit(interactions: DataFrame, als: AlsSettings) -> FactorModel:
    """Fit on one row per pair: user_id, track_id, weight.

    Raises:
        CannotFit: there are no pairs, or ``reg_exponent`` is not the 1 that MLlib has.
    """
    from pyspark.ml.recommendation import ALS  # seconds to load, for those who fit by it

    if als.reg_exponent != 1:
        raise Refused(
            f"[als] reg_exponent: found {als.reg_exponent}, MLlib's solver has 1; set it to 1, or solver to local or blocks"
        )
    users, tracks = numbered(interactions, "user_id"), numbered(interactions, "track_id")
    pairs = (
        interactions.join(users, "user_id")
        .join(tracks, "track_id")
        .select("user_number", "track_number", F.col("weight").cast("float").alias("weight"))
        # ALS evaluates its input several times and needs the same rows each time (SPARK-28927).
        .persist()
    )
    if not pairs.count():
        pairs.unpersist()
        raise CannotFit(NOTHING)
    solver = ALS(
        userCol="user_number",
        itemCol="track_number",
        ratingCol="weight",
        implicitPrefs=True,
        rank=als.rank,
        maxIter=als.iterations,
        regParam=als.reg,
        alpha=als.alpha,
        seed=als.seed,
        numUserBlocks=BLOCKS,
        numItemBlocks=BLOCKS,
    )
    fitted = solver.fit(pairs)
    user_ids, user_factors = factors(fitted.userFactors, users, "user_id")
    track_ids, track_factors = factors(fitted.itemFactors, tracks, "track_id")
    pairs.unpersist()
    return FactorModel(track_ids, track_factors, user_ids, user_factors, dataclasses.asdict(als))


def numbered(interactions: DataFrame, column: str) -> DataFrame:
    """The distinct 64-bit ids with the 32-bit numbers, from 0, that MLlib needs."""
    number = F.row_number().over(Window.orderBy(column)) - 1
    return interactions.select(column).distinct().withColumn(column.replace("_id", "_number"), number)


def factors(fitted: DataFrame, ids: DataFrame, column: str) -> tuple[np.ndarray, np.ndarray]:
    """Ids (n,) ascending and their factors float32 (n, rank)."""
    number = column.replace("_id", "_number")
    found = fitted.join(ids, fitted["id"] == ids[number]).orderBy(column).select(column, "features").toArrow()
    values = found["features"].combine_chunks()
    return found[column].to_numpy().astype(np.int64), values.flatten().to_numpy().reshape(len(values), -1).astype(
        np.float32
    )
