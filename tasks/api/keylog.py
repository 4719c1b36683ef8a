"""The keys of an entity's rows, on disk, and which of them repeat: memory stays the same up to 50 million rows."""

import operator
import pathlib
import tempfile
from array import array
from collections.abc import Iterable
from typing import Any

import numpy as np

SLICE = 50_000  # keys looked at together
MOST = 1024  # files that they are spread over: from 51 million rows on more are looked at together
BLOCK = 100_000  # keys read at once
MIX = np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio: neighbours go far apart (Knuth, TAOCP 3, 6.4)


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
        """Places, from 0, of all rows whose key stands in more than one.

        The keys are spread over files first, so that equal ones meet in one that fits in memory: each is read and written
        once, however many there are.
        """
        self._file.flush()
        parts = min(MOST, -(-self.count // SLICE))
        with tempfile.TemporaryDirectory(dir=self._path.parent, prefix=".keys-") as folder:
            files = [pathlib.Path(folder) / str(part) for part in range(parts)]
            for begin in range(0, self.count, BLOCK):
                self._spread(np.fromfile(self._path, np.int64, BLOCK, offset=begin * 8), begin, files)
            found = [_repeats_in(file) for file in files if file.exists()]
        return np.sort(np.concatenate(found)) if found else np.empty(0, np.int64)

    def _spread(self, keys: np.ndarray, begin: int, files: list[pathlib.Path]) -> None:
        """Add keys and their places to the files that are theirs."""
        part = (keys.view(np.uint64) * MIX >> np.uint64(32)) % np.uint64(len(files))
        order = np.argsort(part, kind="stable")
        rows = np.column_stack([keys, np.arange(begin, begin + len(keys))])[order]
        numbers, starts = np.unique(part[order], return_index=True)
        for number, mine in zip(numbers, np.split(rows, starts[1:]), strict=True):
            with files[int(number)].open("ab") as file:
                file.write(mine.tobytes())


def _repeats_in(file: pathlib.Path) -> np.ndarray:
    keys, places = np.fromfile(file, np.int64).reshape(-1, 2).T
    _, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
    return places[counts[inverse] > 1]
