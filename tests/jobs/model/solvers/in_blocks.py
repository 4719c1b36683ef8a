"""The solver in blocks without Spark: what workers do, called on lists of rows in place of DataFrames."""

import dataclasses
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from conf.settings import AlsSettings
from jobs.model.factors import FactorModel
from jobs.model.solvers import blocks
from jobs.model.solvers.block_packing import Side, counted, packing, sharing, turning
from jobs.model.solvers.block_rows import OnRows, joined, pieces
from jobs.model.solvers.block_solving import FACTORS, adding, drawing, improving, shipped_kernel
from jobs.model.solvers.local import check

Rows = list[pa.RecordBatch]


class Here:
    """:class:`jobs.model.solvers.blocks.Steps` in this process."""

    def __init__(self, als: AlsSettings) -> None:
        self.als, self.kernel = als, shipped_kernel()

    def start(self, side: Side) -> blocks.Half:
        draw = drawing(side.edges, self.als.rank, self.als.seed, self.kernel)
        return self.kept([apply(draw, [pa.RecordBatch.from_pydict({"id": [b]})]) for b in range(side.blocks)])

    def half(self, parts: list[Rows], side: Side, own: blocks.Half | None, fixed: blocks.Half) -> blocks.Half:
        als = self.als
        gram = fixed.gram.astype(np.float32)
        improve = improving(side.edges, gram, als.alpha, als.reg, als.reg_exponent, self.kernel)
        shipped = [renamed(row, "fixed") for part in fixed.rows for row in factors(part)]
        owns = [[renamed(row, "own") for row in factors(rows)] for rows in own.rows] if own else [[]] * len(parts)
        return self.kept([apply(improve, [*part, *shipped, *x]) for part, x in zip(parts, owns, strict=True)])

    def kept(self, parts: list[Rows]) -> blocks.Half:
        sums = [row for part in parts for row in part if row["what"][0].as_py() != FACTORS]
        return blocks.summed(parts, apply(adding(self.als.rank), sums), self.als.rank)


def fit(pairs: list[tuple[int, int, float]], als: AlsSettings) -> FactorModel:
    frame = pa.table(dict(zip(("user_id", "track_id", "weight"), columns(pairs), strict=True)))
    users, tracks = side(frame, "user_id"), side(frame, "track_id")
    check(users.heaviest, als)
    by_user = packed(frame, users, tracks)
    halves = blocks.alternate(Here(als), users, tracks, by_user, turned(by_user, users, tracks), als)
    found = [joined(row for part in half.rows for row in factors(part))[FACTORS] for half in halves]
    user_factors, track_factors = (values.view(np.float32).reshape(-1, als.rank) for values in found)
    return FactorModel(tracks.ids, track_factors, users.ids, user_factors, dataclasses.asdict(als))


def columns(pairs: list[tuple[int, int, float]]) -> list[pa.Array]:
    kinds = (pa.int64(), pa.int64(), pa.float64())
    return [pa.array([pair[at] for pair in pairs], kind) for at, kind in enumerate(kinds)]


def side(frame: pa.Table, column: str) -> Side:
    found = frame.group_by(column).aggregate([("weight", "count"), ("weight", "min"), ("weight", "max")])
    return counted(found.rename_columns([column, "pairs", "lightest", "heaviest"]), column)


def packed(frame: pa.Table, own: Side, other: Side) -> list[Rows]:
    weight = pc.cast(frame["weight"], pa.float32())
    batches = pa.table([frame[own.column], frame[other.column], weight], ["own", "other", "weight"]).to_batches()
    shares, ids = apply(sharing(own), batches), list(pieces(0, "ids", other.ids))
    return [apply(packing(own), [*rows, *ids]) for rows in by_block(shares, own)]


def turned(parts: list[Rows], own: Side, other: Side) -> list[Rows]:
    shares = [row for part in parts for row in apply(turning(own, other), part)]
    return [apply(packing(other), rows) for rows in by_block(shares, other)]


def by_block(rows: Rows, side: Side) -> list[Rows]:
    return [[row for row in rows if row["block"][0].as_py() == block] for block in range(side.blocks)]


def apply(function: OnRows, rows: Iterable[pa.RecordBatch]) -> Rows:
    return list(function(iter(rows)))


def factors(rows: Rows) -> Rows:
    return [row for row in rows if row["what"][0].as_py() == FACTORS]


def renamed(row: pa.RecordBatch, what: str) -> pa.RecordBatch:
    return row.set_column(row.schema.get_field_index("what"), "what", pa.array([what]))
