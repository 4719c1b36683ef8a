"""What a model was made from, so that it can be made again: counts and a hash of its data, code, time, memory."""

import contextlib
import importlib.metadata
import resource
import subprocess

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from conf.checkout import CODE, IS_CHECKOUT

PACKAGE = "moovitamix-recommender"


def interactions(pairs: DataFrame) -> dict[str, int | str]:
    """users, tracks, pairs, plays, and ``hash``: of the pairs, the same in whatever order they come.

    Args:
        pairs: user_id, track_id, weight, each pair once; with ``plays``, these are hashed in place of the weight, which
            follows from them and the recipe.
    """
    amount = "plays" if "plays" in pairs.columns else "weight"
    row = pairs.agg(
        F.count_distinct("user_id").alias("users"),
        F.count_distinct("track_id").alias("tracks"),
        F.count("*").alias("pairs"),
        F.coalesce(F.sum(amount), F.lit(0)).alias("plays"),
        # A sum, and of decimals: it has no order, and does not overflow.
        F.sum(F.xxhash64("user_id", "track_id", amount).cast("decimal(20,0)")).cast("string").alias("hash"),
    ).collect()[0]
    return {**row.asDict(), "plays": round(row["plays"]), "hash": row["hash"] or ""}


def code_version() -> str:
    """The checkout as git describes it, else the installed package's version."""
    if IS_CHECKOUT:  # site-packages may lie in a checkout of something else
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            command = ["git", "-C", str(CODE), "describe", "--always", "--dirty", "--tags"]
            found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
            return found.stdout.strip()
    try:
        return importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def peak_memory_mb() -> float:
    """Of this process, up to now."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
