"""Sets of ids as sorted arrays: eight bytes an id, and while new ones are merged some times that."""

from array import array
from collections.abc import Iterable
from typing import Any

import numpy as np

MERGE = 500_000  # ids gathered, at least, before those that repeat are dropped


class Ids:
    """Distinct ids from 0 to 2**63 - 1; what is no such number is cleaning's to judge, and left out."""

    def __init__(self) -> None:
        self._new = array("q")
        self._known = np.empty(0, np.int64)

    def add(self, values: Iterable[Any]) -> None:
        self._new.extend(value for value in values if type(value) is int and 0 <= value < 2**63)
        if len(self._new) >= max(
            MERGE, len(self._known)
        ):  # as many again: each id is sorted a few times, not each time
            self._merge()

    def values(self) -> np.ndarray:
        """All of them, each once, in order."""
        self._merge()
        return self._known

    def _merge(self) -> None:
        self._known = np.union1d(self._known, np.frombuffer(self._new, np.int64) if self._new else self._known)
        self._new = array("q")
