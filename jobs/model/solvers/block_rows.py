"""Large arrays as rows of a DataFrame, in pieces of bounded size: bytes, and no Python object for each value."""

import collections
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pyarrow as pa

PIECE = 4 * 2**20  # bytes of an array in one row

# A piece of the array ``what`` of a block; ``number`` is the position of its first value, by which pieces are ordered.
# ``receives`` is null but in rows without a piece, which only receive: what is shipped to all blocks (ALL) or to the
# one with this number is joined to them, so that the block's own pieces need not move.
ROWS = "receives int, block int, what string, number bigint, piece binary"
NAMES = ("receives", "block", "what", "number", "piece")
ALL = -1

OnRows = Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]


def row(block: int, what: str, number: int, piece: bytes | None, receives: int | None = None) -> pa.RecordBatch:
    """One row of :data:`ROWS`."""
    types = (pa.int32(), pa.int32(), pa.string(), pa.int64(), pa.binary())
    values = (receives, block, what, number, piece)
    return pa.RecordBatch.from_arrays([pa.array([v], t) for v, t in zip(values, types, strict=True)], list(NAMES))


def pieces(block: int, what: str, values: np.ndarray, first: int = 0) -> Iterator[pa.RecordBatch]:
    """Rows of an array (n, ...), of which ``first`` is the position of the first value."""
    size = max(1, PIECE // max(1, values[:1].nbytes))
    for at in range(0, len(values), size):
        yield row(block, what, first + at, values[at : at + size].tobytes())


def receivers(block: int) -> Iterator[pa.RecordBatch]:
    """The rows of a block that receive what is shipped."""
    for receives in (ALL, block):
        yield row(block, "", 0, None, receives)


def joined(batches: Iterable[pa.RecordBatch]) -> dict[str, np.ndarray]:
    """Name and bytes (uint8) of each array of which there are pieces, in the order of their numbers."""
    found = collections.defaultdict(list)
    for batch in batches:
        numbered = zip(batch["what"].to_pylist(), batch["number"].to_pylist(), batch["piece"], strict=True)
        for what, number, piece in numbered:
            if piece.is_valid:
                found[what].append((number, np.frombuffer(piece.as_buffer(), np.uint8)))
    return {
        what: np.concatenate([values for _, values in sorted(parts, key=lambda part: part[0])])
        for what, parts in found.items()
    }
