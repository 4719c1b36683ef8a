"""The keys of an entity's rows, on disk, and which of them repeat: memory stays the same for any number of rows."""

import operator
import pathlib
from array import array
from collections.abc import Iterable
from typing import Any

import numpy as np

SLICE = 50_000  # keys looked at together
BLOCK = 50_000  # keys read at once


class KeyLog:
    """64-bit hashes of keys in row order; a chance collision costs a page asked again, no more.

    The file goes when the block ends.
    """

    def __init__(self, path: pathlib.Path, key: tuple[str, ...]) -> None:
        self._path = path
        self._key = operator.itemgetter(*key)
        self._file = path.open("wb")
        self.count = 0

    def __enter__(self) -> "KeyLog":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._path.unlink()

    def add(self, rows: Iterable[Any]) -> None:
        hashes = array("q", map(self._hash, rows))
        self._file.write(hashes.tobytes())
        self.count += len(hashes)

    def _hash(self, row: Any) -> int:
        try:
            return hash(self._key(row))
        except (TypeError, KeyError):  # a row without its key, or with a list for one, repeats when all of it does
            return hash(repr(row))

    def repeats(self) -> np.ndarray:
        """Places, from 0, of all rows whose key stands in more than one."""
        self._file.flush()
        slices = -(-self.count // SLICE)
        found = [self._repeats_in(part, slices) for part in range(slices)]
        return np.sort(np.concatenate(found)) if found else np.empty(0, np.int64)

    def _repeats_in(self, part: int, slices: int) -> np.ndarray:
        keys, places = [], []
        for begin in range(0, self.count, BLOCK):
            block = np.fromfile(self._path, np.int64, BLOCK, offset=begin * 8)
            mine = np.flatnonzero(block % slices == part)
            keys.append(block[mine])
            places.append(mine + begin)
        _, inverse, counts = np.unique(np.concatenate(keys), return_inverse=True, return_counts=True)
        return np.concatenate(places)[counts[inverse] > 1]
