"""Lists for users, made in Spark: each partition gets a share of the users and their pairs, and the whole model.

Pairs travel as plain columns and the model as a few binary rows, since Spark Connect has no broadcast variables:
no Python object is made of a row. What happens in a worker is in ``scorer.py``.
"""

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from threadpoolctl import threadpool_limits

from jobs.model.factors import FactorModel
from jobs.model.fold_in import FoldIn
from jobs.recommendation.candidates import Candidates
from jobs.recommendation.scorer import Scorer
from jobs.recommendation.user_pairs import user_pairs_of
from jobs.runtime.frames import frame

SHARE = 8192  # users of a partition
PIECE = 4 * 2**20  # bytes of the model in one row
LISTS = "user_id bigint, rank int, track_id bigint, score float, source string, because array<bigint>"

PIECES = pa.schema([("user_id", pa.int64()), ("track_id", pa.int64()), ("piece", pa.binary())])


def histories(users: DataFrame, interactions: DataFrame, hidden: DataFrame) -> DataFrame:
    """Users and their pairs: a row for each user (user_id, genres) and one for each pair of theirs.

    Args:
        users: user_id, each once, and perhaps genres (text: the user's favourites).
        interactions: user_id, track_id, plays, and perhaps weight, else the plays count as it.
        hidden: user_id, track_id of pairs that are not to be listed; ``interactions`` itself for all.

    Returns:
        user_id, genres; of a pair track_id, plays, weight (float), hidden (boolean) too.
    """
    weight = F.col("weight" if "weight" in interactions.columns else "plays").cast("float").alias("weight")
    if hidden is interactions:
        marked = interactions.withColumn("hidden", F.lit(True))
    else:
        left_out = hidden.select("user_id", "track_id").distinct().withColumn("hidden", F.lit(True))
        marked = interactions.join(left_out, ["user_id", "track_id"], "left").fillna(False, ["hidden"])
    pairs = marked.join(users, "user_id", "semi").select(
        "user_id", "track_id", F.col("plays").cast("int").alias("plays"), weight, "hidden"
    )
    genres = F.col("genres") if "genres" in users.columns else F.lit(None).cast("string").alias("genres")
    return users.select("user_id", genres).unionByName(pairs, allowMissingColumns=True)


def recommend(
    spark: SparkSession,
    users: DataFrame,
    model: FactorModel | None,
    candidates: Candidates,
    k: int,
    min_plays: int,
    fold: bool = True,
    at_most: int | None = None,
    explain: bool = True,
) -> DataFrame:
    """The best k tracks of ``candidates`` for each user: user_id, rank (from 1), track_id, score, source, because.

    A user with ``min_plays`` plays of tracks that the model knows gets the model's list, completed from
    popularity where the model knows too few tracks; anybody else gets popularity. Lists do not depend on how
    users are shared out.

    Args:
        users: as :func:`histories` gives them.
        model: None serves popularity to all.
        fold: solve every user's factors from what they played; else take those of the fit, and users that it did
            not have get popularity, nobody a reason.
        at_most: how many users there can be; counted where it is not given.
        explain: name the heard tracks that a recommendation is due to.
    """
    if at_most is None:
        at_most = users.filter(F.col("track_id").isNull()).count()
    shares = 2 * max(1, -(-at_most // (2 * SHARE)))  # an even number, that two cores end together
    fold_in = FoldIn.of(model) if model else None
    rows = users.withColumn("share", F.pmod(F.xxhash64("user_id"), F.lit(shares)).cast("int"))
    packed = frame(spark, pieces(pack(model, fold_in, candidates)))
    shipped = packed.crossJoin(spark.range(shares).select(F.col("id").cast("int").alias("share")))
    rows = rows.unionByName(shipped, allowMissingColumns=True)
    if model and fold_in and not fold:
        known = frame(spark, user_pieces(model, fold_in)).join(users, "user_id", "semi")
        same = F.pmod(F.xxhash64("user_id"), F.lit(shares)).cast("int")
        rows = rows.unionByName(known.withColumn("share", same), allowMissingColumns=True)

    def score(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        received = list(batches)
        if received:
            # Spark runs one worker a core; BLAS threads on top would only fight over them.
            with threadpool_limits(1):
                yield from lists(pa.Table.from_batches(received), k, min_plays, fold, explain)

    return rows.repartitionById(shares, F.col("share")).drop("share").mapInArrow(score, LISTS)


def lists(rows: pa.Table, k: int, min_plays: int, fold: bool, explain: bool) -> Iterator[pa.RecordBatch]:
    """Lists of the users of a partition, which has the model's pieces (no user_id) among its rows."""
    of_model = pc.is_null(rows["user_id"])
    packed = b"".join(rows.select(["track_id", "piece"]).filter(of_model).sort_by("track_id")["piece"].to_pylist())
    track_ids, fold_in, candidates = unpack(packed)
    rank = fold_in.factors.shape[1] if fold_in and not fold else 0
    listeners = user_pairs_of(rows, rank)
    yield from Scorer(track_ids, fold_in, candidates, k, min_plays, explain).lists(listeners)


def pack(model: FactorModel | None, fold_in: FoldIn | None, candidates: Candidates) -> bytes:
    """Model and candidates as numpy's archive of arrays."""
    positions = list(candidates.genres.values())
    arrays: dict[str, Any] = {
        "candidate_ids": candidates.track_ids,
        "candidate_plays": candidates.plays,
        "genres": np.array(list(candidates.genres), dtype=np.str_),
        "genre_ends": np.cumsum([len(found) for found in positions], dtype=np.int64),
        "genre_positions": np.concatenate([*positions, np.empty(0, np.int64)]),
    }
    if model and fold_in:
        arrays |= {"track_ids": model.track_ids, "factors": fold_in.factors}
        arrays |= {"spectrum": fold_in.spectrum, "turn": fold_in.turn}
        arrays["recipe"] = np.array([fold_in.reg, fold_in.reg_exponent, fold_in.alpha])
    packed = io.BytesIO()
    np.savez(packed, **arrays)
    return packed.getvalue()


def unpack(packed: bytes) -> tuple[np.ndarray, FoldIn | None, Candidates]:
    """The model's track ids, its fold-in and the candidates."""
    arrays = dict(np.load(io.BytesIO(packed)))
    found = np.split(arrays["genre_positions"], arrays["genre_ends"][:-1])
    genres = dict(zip(arrays["genres"].tolist(), found, strict=False))
    candidates = Candidates(arrays["candidate_ids"], arrays["candidate_plays"], genres)
    if "factors" not in arrays:
        return np.empty(0, np.int64), None, candidates
    fold_in = FoldIn(arrays["factors"], arrays["spectrum"], arrays["turn"], *arrays["recipe"].tolist())
    return arrays["track_ids"], fold_in, candidates


def pieces(packed: bytes) -> pa.Table:
    """Rows of :data:`PIECES`, numbered by track_id, with no user."""
    parts = [packed[start : start + PIECE] for start in range(0, len(packed), PIECE)]
    columns = [pa.nulls(len(parts), pa.int64()), pa.array(range(len(parts)), pa.int64()), pa.array(parts, pa.binary())]
    return pa.Table.from_arrays(columns, schema=PIECES)


def user_pieces(model: FactorModel, fold_in: FoldIn) -> pa.Table:
    """Rows of :data:`PIECES`: each user's factors of the fit."""
    factors = (model.user_factors @ fold_in.turn).astype(np.float32)
    columns = [
        pa.array(model.user_ids, pa.int64()),
        pa.nulls(len(factors), pa.int64()),
        pa.array([row.tobytes() for row in factors], pa.binary()),
    ]
    return pa.Table.from_arrays(columns, schema=PIECES)
