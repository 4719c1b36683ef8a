"""Ranking metrics of one user's list, in Spark, and their means with bootstrap intervals, in numpy.

For a list and the tracks that were relevant for its user, at cut-off k (Manning, Raghavan and Schütze,
"Introduction to Information Retrieval", 2008, chapter 8; NDCG after Järvelin and Kekäläinen 2002):

- ``ndcg``: sum of 1 / log2(rank + 1) over hits, divided by that of the best possible list of k;
- ``recall``: hits / min(k, relevant); ``precision``: hits / k; ``hit_rate``: 1 where there is a hit;
- ``map``: mean over min(k, relevant) of the precision at each hit; ``mrr``: 1 / rank of the first hit.
"""

import math
from collections.abc import Sequence

import numpy as np
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

METRICS = ("ndcg", "recall", "precision", "map", "hit_rate", "mrr")
RESAMPLES = 1000
SEED = 20_080_101
CHUNK = 2_000_000  # weights held at once while resampling


def cutoffs(k: int, longest: int) -> list[int]:
    """The k of the decisions, 5, and the length that is served; none beyond that length."""
    return sorted({cutoff for cutoff in (5, k, longest) if cutoff <= longest})


def per_user(lists: DataFrame, relevant: DataFrame, ks: Sequence[int]) -> DataFrame:
    """user_id and one column (double) for each metric and k, such as ``ndcg_10``.

    Args:
        lists: user_id, rank (from 1), track_id.
        relevant: user_id, track_id, each pair once. Users with none, or with no list, are left out.
    """
    wanted = relevant.groupBy("user_id").agg(F.count("*").alias("relevant"))
    hits = relevant.select("user_id", "track_id", F.lit(1).alias("hit"))
    listed = (
        lists.select("user_id", "rank", "track_id")
        .join(wanted, "user_id")
        .join(hits, ["user_id", "track_id"], "left")
        .fillna(0, ["hit"])
    )
    so_far = F.sum("hit").over(Window.partitionBy("user_id").orderBy("rank"))
    ranked = listed.withColumn("hits_so_far", so_far)
    columns = [column.alias(f"{name}_{k}") for k in ks for name, column in _at(k).items()]
    return ranked.groupBy("user_id").agg(*columns)


def _at(k: int) -> dict[str, Column]:
    hit = (F.col("hit") == 1) & (F.col("rank") <= k)
    ideal = np.cumsum([1 / math.log2(rank + 1) for rank in range(1, k + 1)]).tolist()
    possible = F.least(F.first("relevant"), F.lit(k))
    hits = F.count_if(hit)
    zero = F.lit(0.0)
    return {
        "ndcg": F.coalesce(F.sum(F.when(hit, 1 / F.log2(F.col("rank") + 1))), zero)
        / F.element_at(F.array(*map(F.lit, ideal)), possible.cast("int")),
        "recall": hits / possible,
        "precision": hits / F.lit(k),
        "map": F.coalesce(F.sum(F.when(hit, F.col("hits_so_far") / F.col("rank"))), zero) / possible,
        "hit_rate": F.when(hits > 0, 1.0).otherwise(0.0),
        "mrr": F.coalesce(1 / F.min(F.when(hit, F.col("rank"))), zero),
    }


def bootstrap(values: np.ndarray, resamples: int = RESAMPLES, seed: int = SEED) -> tuple[np.ndarray, np.ndarray]:
    """The 2.5 % and 97.5 % bounds of the mean over users, by resampling users (Efron 1979).

    Args:
        values: float64 (users, columns), at least one user.

    Returns:
        low and high, (columns,) each; the same for the same values and seed.
    """
    users = len(values)
    generator = np.random.default_rng(seed)
    step = max(1, CHUNK // users)
    means = [
        generator.multinomial(users, np.full(users, 1 / users), size=min(step, resamples - start)) @ values / users
        for start in range(0, resamples, step)
    ]
    low, high = np.percentile(np.concatenate(means), (2.5, 97.5), axis=0)
    return low, high


def summarise(values: np.ndarray, columns: Sequence[str]) -> list[dict]:
    """metric, k, value, low, high, users for each ``metric_k`` column of ``values`` (users, columns)."""
    if not len(values):
        return []
    low, high = bootstrap(values)
    return [
        {
            "metric": column.rpartition("_")[0],
            "k": int(column.rpartition("_")[2]),
            "value": float(values[:, at].mean()),
            "low": float(low[at]),
            "high": float(high[at]),
            "users": len(values),
        }
        for at, column in enumerate(columns)
    ]
