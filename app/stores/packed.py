"""Lists of tracks by key, as packed arrays: 8 bytes a list, 12 a rank and 4 a reason, whatever Python would take."""

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from app.stores.store import MAX_ID


class RankedList(NamedTuple):
    """One list, best first: places in the catalogue, scores, and for each rank places of the reasons."""

    tracks: list[int]
    scores: list[float]
    because: list[list[int]]


class PackedLists:
    """``keys`` sorted and unique (int64); the list of ``keys[i]`` is at ``offsets[i]`` to ``offsets[i + 1]``."""

    def __init__(
        self,
        owners: np.ndarray,
        tracks: np.ndarray,
        scores: np.ndarray,
        because: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> None:
        """Rows sorted by owner and rank; ``because``: offsets by row and the places that they lead to."""
        first = np.ones(len(owners), bool)
        np.not_equal(owners[1:], owners[:-1], out=first[1:])
        self.keys = owners[first]
        self._offsets = np.append(np.flatnonzero(first), len(owners))
        self._tracks, self._scores = tracks.astype(np.int32), scores.astype(np.float32)
        self._starts, self._because = because or (np.zeros(len(owners) + 1, np.int32), np.zeros(0, np.int32))

    def place(self, key: int) -> int:
        """Of a key among the keys; -1 where it is not."""
        at = int(self.keys.searchsorted(key))
        return at if at < len(self.keys) and self.keys[at] == key else -1

    def ranked(self, place: int, k: int) -> RankedList:
        """The first ``k`` of the list at a place."""
        begin, end = self._offsets[place : place + 2].tolist()
        end = min(end, begin + k)
        starts = self._starts[begin : end + 1].tolist()
        reasons = self._because[starts[0] : starts[-1]].tolist()
        return RankedList(
            self._tracks[begin:end].tolist(),
            self._scores[begin:end].tolist(),
            [reasons[a - starts[0] : b - starts[0]] for a, b in itertools.pairwise(starts)],
        )

    @property
    def nbytes(self) -> int:
        return sum(
            part.nbytes for part in (self.keys, self._offsets, self._tracks, self._scores, self._starts, self._because)
        )


def reasons(column: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """Offsets by row (int32, one more than rows) and values (int64) of a column of lists; null is an empty list."""
    chunk = column.combine_chunks()
    if isinstance(chunk, pa.ChunkedArray):
        chunk = pa.concat_arrays(chunk.chunks) if chunk.num_chunks else pa.array([], column.type)
    lengths = chunk.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    return offsets, chunk.flatten().to_numpy(zero_copy_only=False)


def with_digits(keys: np.ndarray, prefix: str, limit: int) -> list[int]:
    """The smallest of sorted ids that begin with these digits."""
    found: list[int] = []
    for low, high in ranges(prefix):
        begin, end = keys.searchsorted(low), keys.searchsorted(high, "right")
        found += keys[begin : min(end, begin + limit - len(found))].tolist()
    return found


def ranges(prefix: str) -> Iterator[tuple[int, int]]:
    """The first and last id of each length that begins with these digits, up to the largest id."""
    low, high = int(prefix), int(prefix)
    while low <= MAX_ID:
        yield low, min(high, MAX_ID)
        if high == 0:  # no other id begins with it
            return
        low, high = low * 10, high * 10 + 9
