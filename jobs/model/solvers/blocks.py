"""ALS on all of Spark's cores: each half step is one distributed job over packed blocks of rows.

The blocks of the two sparse matrices stay where they are, persisted; what a half step needs, the factors of the fixed
side whole and those that its own rows start from, goes to each of them as rows of bytes, by a broadcast join. What
is solved comes out as such rows, kept twice as a checkpoint: no plan grows, a lost executor's blocks are made anew
and its factors are read from their second copy. Per half step the driver sees a Gram matrix and a loss.

It is the arithmetic of ``local.py`` from the same initial values. The same pairs and seed give the same factors
wherever the blocks are solved: sums over blocks are in their order.
"""

import contextlib
import dataclasses
import time
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from conf.errors import CannotFit
from conf.settings import AlsSettings
from jobs.model.factors import FactorModel
from jobs.model.solvers.block_packing import Side, packed, side_of, turned
from jobs.model.solvers.block_rows import ALL, ROWS, joined
from jobs.model.solvers.block_solving import FACTORS, GRAM, SUMS, adding, drawing, improving, shipped_kernel
from jobs.model.solvers.local import FitProgress, Log, check
from jobs.runtime.session import keeping


@dataclasses.dataclass(frozen=True)
class Half:
    """What a half step solved.

    rows: :data:`ROWS` of the factors, numbered by position, a DataFrame. gram: ``X'X``, float64 (rank, rank). loss: the part of the
    training loss, before it, that :func:`kernel.conjugate_gradient` knows. penalty: the regularisation of its result.
    """

    rows: Any
    gram: np.ndarray
    loss: float
    penalty: float


def fit(interactions: DataFrame, als: AlsSettings) -> FactorModel:
    """Fit on one row per pair: user_id, track_id, weight. They are read three times: persist them.

    Raises:
        CannotFit: there is nothing to fit on, or these parameters give no finite factors.
    """
    users, tracks = side_of(interactions, "user_id"), side_of(interactions, "track_id")
    check(users.heaviest, als)
    with packed_twice(interactions, users, tracks) as (by_user, by_track):
        solved = alternate(Steps(interactions.sparkSession, als), users, tracks, by_user, by_track, als)
        found = [brought(half.rows, als.rank) for half in solved]
    return FactorModel(tracks.ids, found[1], users.ids, found[0], dataclasses.asdict(als))


def alternate(
    steps: "Steps", users: Side, tracks: Side, by_user: Any, by_track: Any, als: AlsSettings
) -> tuple[Half, Half]:
    """The fit, from blocks that ``steps`` understands: users, tracks, and users again for the tracks that it ends with."""
    tell, begun = Log(), time.monotonic()
    fixed = steps.start(tracks)
    solved = steps.half(by_user, users, None, fixed)
    for iteration in range(1, als.iterations + 1):
        other = steps.half(by_track, tracks, fixed, solved)
        loss = other.loss + float(np.sum(solved.gram * fixed.gram)) + solved.penalty
        fixed = other
        solved = steps.half(by_user, users, solved, fixed)
        if not (np.isfinite(fixed.gram).all() and np.isfinite(solved.gram).all()):
            raise CannotFit(f"the factors are not finite with reg {als.reg} and alpha {als.alpha}; raise [als] reg")
        left = (time.monotonic() - begun) / iteration * (als.iterations - iteration)
        tell(FitProgress(iteration, als.iterations, loss, left))
    return solved, fixed


@contextlib.contextmanager
def packed_twice(interactions: DataFrame, users: Side, tracks: Side) -> Iterator[tuple[DataFrame, DataFrame]]:
    """The blocks by user and those by track, persisted while they are needed.

    They are views: a half step's plan then names them, where it would else carry how they are made, and what a plan
    carries of Python is pickled anew each time, so that Spark would not know again what it has kept.
    """
    spark = interactions.sparkSession
    with contextlib.ExitStack() as stack, keeping() as keep:

        def view(packed: DataFrame) -> DataFrame:
            name = f"als_blocks_{uuid.uuid4().hex}"
            packed.createOrReplaceTempView(name)
            stack.callback(spark.catalog.dropTempView, name)
            return keep(spark.table(name))

        by_user = view(packed(interactions, users, tracks))
        yield by_user, view(turned(by_user, users, tracks))


class Steps:
    """Half steps with the same parameters, on one session."""

    def __init__(self, spark: SparkSession, als: AlsSettings) -> None:
        self.spark, self.als, self.kernel, self.level = spark, als, shipped_kernel(), level(spark)

    def start(self, side: Side) -> Half:
        """Initial factors."""
        blocks = self.spark.range(0, side.blocks, 1, side.blocks)
        return self.kept(blocks.mapInArrow(drawing(side.edges, self.als.rank, self.als.seed, self.kernel), ROWS))

    def half(self, blocks: DataFrame, side: Side, own: Half | None, fixed: Half) -> Half:
        """The factors of ``side``, from those of ``own`` (None: zero), the other side's held fixed."""
        als = self.als
        shipped = to_receivers(fixed.rows, "fixed", F.lit(ALL))
        if own:
            shipped = shipped.union(to_receivers(own.rows, "own", F.col("block")))
        both = blocks.join(F.broadcast(shipped), "receives", "left")
        found = [F.coalesce(f"shipped_{name}", name).alias(name) for name in ("what", "number", "piece")]
        gram = fixed.gram.astype(np.float32)
        improve = improving(side.edges, gram, als.alpha, als.reg, als.reg_exponent, self.kernel)
        return self.kept(both.select("receives", "block", *found).mapInArrow(improve, ROWS))

    def kept(self, rows: DataFrame) -> Half:
        """Solve, keep what was solved, and sum up over the blocks, in their order."""
        kept = rows.localCheckpoint(eager=False, storageLevel=self.level)
        parts = kept.filter(F.col("what") != FACTORS).repartition(1).sortWithinPartitions("what", "number")
        sums = parts.mapInArrow(adding(self.als.rank), ROWS).toArrow()
        return summed(kept, sums.to_batches(), self.als.rank)


def summed(rows: Any, sums: Iterable[pa.RecordBatch], rank: int) -> Half:
    """What was solved, with what :func:`adding` made of it."""
    total = joined(sums)
    loss, penalty = total[SUMS].view(np.float64).tolist()
    return Half(rows, total[GRAM].view(np.float64).reshape(rank, rank), loss, penalty)


def to_receivers(rows: DataFrame, what: str, receives: F.Column) -> DataFrame:
    """Factors as they are joined to the rows of blocks that receive them."""
    return rows.filter(F.col("what") == FACTORS).select(
        receives.cast("int").alias("receives"),
        F.lit(what).alias("shipped_what"),
        F.col("number").alias("shipped_number"),
        F.col("piece").alias("shipped_piece"),
    )


def level(spark: SparkSession) -> StorageLevel:
    """Two on a cluster: what a checkpoint keeps has no plan from which it could be made again."""
    alone = (spark.conf.get("spark.master", "") or "").split("[")[0] == "local"
    return StorageLevel.MEMORY_AND_DISK if alone else StorageLevel.MEMORY_AND_DISK_2


def brought(rows: DataFrame, rank: int) -> np.ndarray:
    """Factors float32 (n, rank), by position, in the driver's memory."""
    found = joined(rows.filter(F.col("what") == FACTORS).toArrow().to_batches())
    return found[FACTORS].view(np.float32).reshape(-1, rank)
