"""Lists for users, made in Spark: blocks of users meet the packed model in the workers, and BLAS scores them."""

import dataclasses
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from threadpoolctl import threadpool_limits

from jobs.factors import FactorModel, Folding, top

BLOCK = 2048  # users scored in one task
LISTS = "user_id bigint, rank int, track_id bigint, score float, source string, because array<bigint>"


@dataclasses.dataclass(frozen=True)
class Shelf:
    """What may be recommended: ids in order of popularity (int64) and their recent plays (float32)."""

    track_ids: np.ndarray
    plays: np.ndarray


def histories(users: DataFrame, interactions: DataFrame, hidden: DataFrame) -> DataFrame:
    """One row per user: ``heard`` (array of track_id, plays), ``hidden`` (array<bigint>, not to be listed).

    Args:
        users: user_id, each once.
        interactions: user_id, track_id, plays.
        hidden: user_id, track_id.
    """
    heard = interactions.groupBy("user_id").agg(
        F.sort_array(F.collect_list(F.struct("track_id", "plays"))).alias("heard")
    )
    left_out = hidden.groupBy("user_id").agg(F.collect_set("track_id").alias("hidden"))
    return users.select("user_id").join(heard, "user_id", "left").join(left_out, "user_id", "left")


def recommend(
    spark: SparkSession, users: DataFrame, model: FactorModel | None, shelf: Shelf, k: int, min_plays: int
) -> DataFrame:
    """The best k tracks of ``shelf`` for each user: user_id, rank (from 1), track_id, score, source, because.

    A user with ``min_plays`` plays of tracks that the model knows gets the model's list, completed from
    popularity where the model knows too few tracks; anybody else gets popularity.

    Args:
        users: as :func:`histories` gives them.
        model: None serves popularity to all.
    """
    packed = spark.createDataFrame(pa.Table.from_pylist([pack(model, shelf)], schema=PACKED))
    blocks = users.groupBy(F.pmod(F.xxhash64("user_id"), F.lit(number_of_blocks(users))).alias("block")).agg(
        F.collect_list(F.struct("user_id", "heard", "hidden")).alias("users")
    )

    def score(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        # Spark runs one worker a core; BLAS threads on top would only fight over them.
        with threadpool_limits(1):
            scorer = None
            for batch in batches:
                for row in range(batch.num_rows):
                    scorer = scorer or Scorer.unpack(batch, row, k, min_plays)
                    yield scorer.lists(batch["users"][row].as_py())

    return blocks.crossJoin(F.broadcast(packed)).mapInArrow(score, LISTS)


def number_of_blocks(users: DataFrame) -> int:
    return max(2, -(-users.count() // BLOCK))


PACKED = pa.schema(
    [
        ("track_ids", pa.binary()),
        ("track_factors", pa.binary()),
        ("reg", pa.float64()),
        ("alpha", pa.float64()),
        ("shelf_ids", pa.binary()),
        ("shelf_plays", pa.binary()),
    ]
)


def pack(model: FactorModel | None, shelf: Shelf) -> dict:
    """Model and shelf as one row of :data:`PACKED`: arrays as bytes."""
    ids = model.track_ids if model else np.empty(0, np.int64)
    factors = model.track_factors if model else np.empty((0, 1), np.float32)
    recipe = model.recipe if model else {"reg": 0.0, "alpha": 0.0}
    return {
        "track_ids": ids.tobytes(),
        "track_factors": np.ascontiguousarray(factors, np.float32).tobytes(),
        "reg": float(recipe["reg"]),
        "alpha": float(recipe["alpha"]),
        "shelf_ids": shelf.track_ids.tobytes(),
        "shelf_plays": shelf.plays.tobytes(),
    }


class Scorer:
    """Scores one user after another against the tracks that are both known to the model and on the shelf."""

    def __init__(self, model: FactorModel | None, shelf: Shelf, k: int, min_plays: int) -> None:
        self.model, self.shelf, self.k, self.min_plays = model, shelf, k, min_plays
        if model:
            self.folding = Folding(model)
            self.servable = np.flatnonzero(np.isin(model.track_ids, shelf.track_ids))
            self.candidates = model.track_factors[self.servable]

    @classmethod
    def unpack(cls, batch: pa.RecordBatch, row: int, k: int, min_plays: int) -> "Scorer":
        value = {name: batch[name][row].as_py() for name in PACKED.names}
        ids = np.frombuffer(value["track_ids"], np.int64)
        factors = np.frombuffer(value["track_factors"], np.float32).reshape(
            max(len(ids), 1) if len(ids) else 0, -1 if len(ids) else 1
        )
        recipe = {"reg": value["reg"], "alpha": value["alpha"]}
        nobody = np.empty(0, np.int64), np.empty((0, factors.shape[1]), np.float32)
        model = FactorModel(ids, factors, *nobody, recipe) if len(ids) else None
        shelf = Shelf(np.frombuffer(value["shelf_ids"], np.int64), np.frombuffer(value["shelf_plays"], np.float32))
        return cls(model, shelf, k, min_plays)

    def lists(self, users: list[dict]) -> pa.RecordBatch:
        """Lists of a block of users, as :data:`LISTS`."""
        rows = [entry for user in users for entry in self.of_user(user)]
        return pa.RecordBatch.from_pylist(rows, schema=LIST_SCHEMA)

    def of_user(self, user: dict) -> list[dict]:
        """One user's list, best first."""
        hidden = np.array(user["hidden"] or [], np.int64)
        entries = self._by_model(user, hidden)
        taken = np.concatenate([hidden, np.array([entry["track_id"] for entry in entries], np.int64)])
        entries += self._by_popularity(taken, self.k - len(entries))
        return [{"user_id": user["user_id"], "rank": rank, **entry} for rank, entry in enumerate(entries, 1)]

    def _by_model(self, user: dict, hidden: np.ndarray) -> list[dict]:
        if self.model is None or not user["heard"]:
            return []
        ids = np.array([heard["track_id"] for heard in user["heard"]], np.int64)
        plays = np.array([heard["plays"] for heard in user["heard"]], np.float64)
        rows = self.model.positions(ids)
        known = rows >= 0
        ids, plays, rows = ids[known], plays[known], rows[known]
        if plays.sum() < self.min_plays:
            return []
        scores = self.candidates @ self.folding.solve(rows, plays).astype(np.float32)
        left_out = self.model.positions(hidden)
        scores[np.isin(self.servable, left_out[left_out >= 0])] = -np.inf
        best = top(scores, self.k)
        reasons = self.folding.because(rows, plays, self.servable[best])
        return [
            {
                "track_id": int(self.model.track_ids[self.servable[at]]),
                "score": float(scores[at]),
                "source": "als",
                "because": ids[reason].tolist(),
            }
            for at, reason in zip(best, reasons, strict=True)
        ]

    def _by_popularity(self, taken: np.ndarray, wanted: int) -> list[dict]:
        if wanted <= 0:
            return []
        # No more than this many from the top can be taken already.
        first = slice(0, wanted + len(taken))
        ids, plays = self.shelf.track_ids[first], self.shelf.plays[first]
        free = np.flatnonzero(~np.isin(ids, taken))[:wanted]
        return [
            {"track_id": int(ids[at]), "score": float(plays[at]), "source": "popular", "because": []} for at in free
        ]


LIST_SCHEMA = pa.schema(
    [
        ("user_id", pa.int64()),
        ("rank", pa.int32()),
        ("track_id", pa.int64()),
        ("score", pa.float32()),
        ("source", pa.string()),
        ("because", pa.list_(pa.int64())),
    ]
)
