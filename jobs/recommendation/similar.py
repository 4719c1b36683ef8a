"""The nearest tracks of each track, by the cosine of their factors. numpy only, in blocks: memory does not grow with
the square of the catalogue.
"""

import datetime
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from conf.tables import TABLES, marker
from jobs.model.factors import FactorModel
from lake.access import Lake
from lake.delta import arrow_schema

TABLE = "similar_tracks"
ROWS, COLUMNS = 1024, 8192  # of a block of cosines: 32 MB
Entries = tuple[np.ndarray, np.ndarray, np.ndarray]  # row, column, value
DECIMALS = 6  # kept of a cosine: beyond these float32 depends on the order of a sum, and equal tracks would differ


def write(lake: Lake, date: datetime.date, version: str, model: FactorModel, k: int) -> None:
    """Commit the similar tracks of a model that is about to be promoted on ``date``."""
    name = marker(TABLE, "PromoteModel", date)
    if lake.committed(name) and not lake.rows(TABLE, [("model_version", "=", version)], ["rank"], limit=1):
        name = f"{name}/{version}"  # an interrupted run wrote those of a version that is no longer in the registry
    lake.replace_batches(lambda: batches(version, model, k), TABLE, name, model_version=version)


def batches(version: str, model: FactorModel, k: int) -> Iterator[pa.RecordBatch]:
    """Rows of ``similar_tracks``, a track's together, best first."""
    schema = arrow_schema(TABLES[TABLE])
    known = np.linalg.norm(model.track_factors.astype(np.float64), axis=1) > 0
    ids = model.track_ids[known]
    for rows, columns, cosines in nearest(unit(model.track_factors[known]), k):
        ranks = np.arange(len(rows)) - np.searchsorted(rows, rows) + 1
        names = pa.DictionaryArray.from_arrays(np.zeros(len(rows), np.int32), [version]).cast(pa.string())
        yield pa.record_batch(
            [names, ids[rows], ranks.astype(np.int32), ids[columns], cosines.astype(np.float32)], schema=schema
        )


def unit(factors: np.ndarray) -> np.ndarray:
    """Rows of length 1, float32; none may be zero."""
    factors = factors.astype(np.float64)
    return (factors / np.linalg.norm(factors, axis=1, keepdims=True)).astype(np.float32)


def nearest(units: np.ndarray, k: int) -> Iterator[Entries]:
    """For blocks of rows: row, column and cosine of the ``k`` greatest of each row but itself, greatest first.

    Of equal ones the lower column comes first. Columns are met in order and in blocks, and of each block only
    what may still be among the best is looked at closely.

    Args:
        units: float32 (n, rank), rows of length 1.
    """
    k = min(k, len(units) - 1)
    for begin in range(0, len(units) if k > 0 else 0, ROWS):
        block = units[begin : begin + ROWS]
        own = np.arange(len(block)) + begin
        best: Entries = (np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
        least = np.full(len(block), -np.inf)
        for first in range(0, len(units), COLUMNS):
            cosines = block @ units[first : first + COLUMNS].T
            inside = (own >= first) & (own < first + cosines.shape[1])
            cosines[np.flatnonzero(inside), own[inside] - first] = -np.inf
            if first == 0:
                least = kth(cosines, k)
            rows, columns = np.nonzero(cosines >= (least - 10.0**-DECIMALS)[:, None])
            found = np.round(cosines[rows, columns].astype(np.float64), DECIMALS)
            finite = np.isfinite(found)
            met = (rows[finite], columns[finite] + first, found[finite])
            rows, columns, found = (np.concatenate(pair) for pair in zip(best, met, strict=True))
            best = greatest(rows, columns, found, k)
            least = last_of(best, len(block), k)
        yield best[0] + begin, best[1], best[2]


def kth(values: np.ndarray, k: int) -> np.ndarray:
    """The k-th greatest of each row; minus infinity where there are fewer columns."""
    if values.shape[1] < k:
        return np.full(len(values), -np.inf)
    return np.partition(values, values.shape[1] - k, axis=1)[:, values.shape[1] - k]


def greatest(rows: np.ndarray, columns: np.ndarray, values: np.ndarray, k: int) -> Entries:
    """The first k entries of each row, by value downwards and column upwards."""
    order = np.lexsort((columns, -values, rows))
    rows, columns, values = rows[order], columns[order], values[order]
    kept = np.arange(len(rows)) - np.searchsorted(rows, rows) < k
    return rows[kept], columns[kept], values[kept]


def last_of(best: Entries, count: int, k: int) -> np.ndarray:
    """The k-th value of each of ``count`` rows; minus infinity where there are fewer yet."""
    rows, _, values = best
    ends = np.searchsorted(rows, np.arange(count), side="right")
    full = np.bincount(rows, minlength=count) == k
    least = np.full(count, -np.inf)
    least[full] = values[ends[full] - 1]
    return least
