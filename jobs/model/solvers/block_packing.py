"""Interactions as blocks of a sparse matrix, packed in Spark: users and tracks are numbered, rows become bytes.

A block has the rows of a range of ids, which numbers them by position among the sorted ids, as ``packed.py`` does; the
driver knows the ids (the model that it ends with has them) and cuts them where the pairs are shared out evenly. It is
a few rows of bytes, of some megabytes at most each, in a partition of its own: no Python object is made of a pair.
"""

import dataclasses
from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import scipy.sparse
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from conf.errors import CannotFit, Refused
from jobs.model.solvers.block_rows import NAMES, ROWS, OnRows, joined, pieces, receivers
from jobs.model.solvers.csr import MEANINGLESS, NOTHING
from jobs.runtime.frames import frame

PAIRS = 5_000_000  # of a block: more than its share of the bytes that a half step moves, beside the factors
AT_ONCE = 1_000_000  # pairs that are shared out to blocks at once
PAIR = np.dtype([("own", np.int64), ("other", np.int64), ("weight", np.float32)])


@dataclasses.dataclass(frozen=True)
class Side:
    """The users or the tracks.

    ids int64 (n,) ascending; those of block b are from ``edges[b]`` to ``edges[b + 1]``, edges int64 (blocks + 1,);
    heaviest: the largest weight of a pair.
    """

    column: str
    ids: np.ndarray
    edges: np.ndarray
    heaviest: float

    @property
    def blocks(self) -> int:
        return len(self.edges) - 1


def side_of(interactions: DataFrame, column: str) -> Side:
    """The side of this column: its ids come to the driver."""
    weight = F.col("weight")
    counts = interactions.groupBy(column).agg(
        F.count("*").alias("pairs"), F.min(weight).alias("lightest"), F.max(weight).alias("heaviest")
    )
    return counted(counts.toArrow(), column)


def counted(counts: pa.Table, column: str) -> Side:
    """A side from pairs, lightest and heaviest (weight) of each id in ``column``.

    Raises:
        CannotFit: there are none, or a weight is negative or not finite.
    """
    if not len(counts):
        raise CannotFit(NOTHING)
    ordered = counts.sort_by(column)
    lightest, heaviest = ordered["lightest"].to_numpy(), ordered["heaviest"].to_numpy()
    if not (np.isfinite(heaviest).all() and (lightest >= 0).all()):
        raise Refused(MEANINGLESS)
    return Side(
        column, ordered[column].to_numpy().astype(np.int64), edges(ordered["pairs"].to_numpy()), float(heaviest.max())
    )


def edges(pairs: np.ndarray) -> np.ndarray:
    """Positions at which rows with so many pairs are cut into an even number of blocks, if there are enough."""
    ends = np.cumsum(pairs)
    blocks = 2 * -(-int(ends[-1]) // (2 * PAIRS))
    cuts = np.searchsorted(ends, ends[-1] * np.arange(1, blocks) / blocks, side="left") + 1
    return np.unique(np.concatenate([[0], cuts, [len(pairs)]])).astype(np.int64)


def packed(interactions: DataFrame, own: Side, other: Side) -> DataFrame:
    """:data:`ROWS` of the sparse matrix with a row for each of ``own``: ends, columns, weights; a partition each.

    Args:
        interactions: user_id, track_id, weight.
    """
    spark = interactions.sparkSession
    ids = frame(spark, pa.Table.from_batches(pieces(0, "ids", other.ids))).drop("block")
    shipped = ids.crossJoin(spark.range(own.blocks).select(F.col("id").cast("int").alias("block"))).select(*NAMES)
    pairs = interactions.select(own.column, other.column, F.col("weight").cast("float").alias("weight"))
    return gathered(pairs.mapInArrow(sharing(own), ROWS).union(shipped), own)


def turned(blocks: DataFrame, own: Side, other: Side) -> DataFrame:
    """The same for ``other``, from the blocks of ``own``."""
    return gathered(blocks.mapInArrow(turning(own, other), ROWS), other)


def gathered(shares: DataFrame, own: Side) -> DataFrame:
    return shares.repartitionById(own.blocks, F.col("block")).mapInArrow(packing(own), ROWS)


def sharing(own: Side) -> OnRows:
    """Makes pieces of :data:`PAIR` for blocks of ``own``, from batches of own and other id and weight."""
    starts = own.ids[own.edges[1:-1]]

    def share(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for pairs in at_once(batches):
            yield from shares(pairs, starts)

    return share


def turning(own: Side, other: Side) -> OnRows:
    """Makes pieces of :data:`PAIR` for blocks of ``other``, with positions for ids, from a block of ``own``."""
    edges, starts = own.edges, other.edges[1:-1]

    def turn(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        received = list(batches)
        if not received:
            return
        block, arrays = received[0]["block"][0].as_py(), joined(received)
        ends, columns = arrays["ends"].view(np.int32), arrays["columns"].view(np.int32)
        pairs = np.empty(len(columns), PAIR)
        pairs["own"], pairs["weight"] = columns, arrays["weights"].view(np.float32)
        pairs["other"] = np.repeat(np.arange(edges[block], edges[block + 1]), np.diff(ends))
        yield from shares(pairs, starts)

    return turn


def shares(pairs: np.ndarray, starts: np.ndarray) -> Iterator[pa.RecordBatch]:
    """Pieces for each block; ``starts`` are the first ``own`` ids of all blocks but the first."""
    blocks = np.searchsorted(starts, pairs["own"], side="right")
    for block in np.unique(blocks):
        yield from pieces(int(block), "pairs", pairs[blocks == block])


def packing(own: Side) -> OnRows:
    """Makes a block from its ``pairs`` and all ``ids`` of the other side; without these, the pairs have positions."""
    rows = np.diff(own.edges)

    def pack(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        received = list(batches)
        if not received:
            return
        block, arrays = received[0]["block"][0].as_py(), joined(received)
        ids = arrays["ids"].view(np.int64) if "ids" in arrays else None
        matrix = sparse(arrays["pairs"].view(PAIR), ids)
        if matrix.shape[0] != rows[block]:
            raise ValueError(f"block {block}: found {matrix.shape[0]} rows, {rows[block]} when they were counted")
        yield from receivers(block)
        for what, values in (("ends", matrix.indptr), ("columns", matrix.indices), ("weights", matrix.data)):
            yield from pieces(block, what, values)

    return pack


def at_once(batches: Iterable[pa.RecordBatch]) -> Iterator[np.ndarray]:
    """Arrays of :data:`PAIR` of about :data:`AT_ONCE`, from batches of own and other id and weight."""
    waiting: list[np.ndarray] = []
    for batch in batches:
        pairs = np.empty(len(batch), PAIR)
        for name, column in zip(PAIR.names or (), batch.columns, strict=True):
            pairs[name] = column.to_numpy()
        waiting.append(pairs)
        if sum(map(len, waiting)) >= AT_ONCE:
            yield np.concatenate(waiting)
            waiting = []
    if waiting:
        yield np.concatenate(waiting)


def sparse(pairs: np.ndarray, others: np.ndarray | None) -> scipy.sparse.csr_matrix:
    """CSR of :data:`PAIR`, float32: a row for each ``own`` id there is, a column for each of ``others``, both ascending.

    Each row's columns ascend, and what comes twice is added up. Without ``others``, ``other`` is a position.
    """
    rows, _ = pd.factorize(np.ascontiguousarray(pairs["own"]), sort=True)
    columns = pairs["other"] if others is None else np.searchsorted(others, pairs["other"])
    return scipy.sparse.coo_matrix((pairs["weight"], (rows.astype(np.int32), columns.astype(np.int32)))).tocsr()
