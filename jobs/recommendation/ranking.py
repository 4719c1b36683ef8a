"""The best tracks of many users at once. numpy only.

A block of users meets the tracks in chunks: a float32 product says within its rounding who can be among the
best, and only those few are scored in float64, one by one. So the outcome is exact, ties included, whatever
the sizes of block and chunk and whatever the order in which BLAS adds up; memory is bounded by those sizes.
"""

import dataclasses

import numpy as np

CHUNK = 8192  # tracks at once
GROUPS = 512  # of a chunk's tracks, for a first guess


@dataclasses.dataclass(frozen=True)
class RankedEntries:
    """Entries of the lists, by user and then best first; of equal scores the lower track first.

    Each (entries,): users and tracks int64, positions in what was ranked; scores float32.
    """

    users: np.ndarray
    tracks: np.ndarray
    scores: np.ndarray


def best(
    users: np.ndarray,
    tracks: np.ndarray,
    hidden: tuple[np.ndarray, np.ndarray],
    k: int,
    longest: float | None = None,
) -> RankedEntries:
    """At most k tracks for each user.

    Args:
        users: factors, float64 (m, rank).
        tracks: factors, float32 (n, rank).
        hidden: positions of users and of tracks, (h,) each: pairs that are left out.
        longest: :func:`longest_of` the tracks, for those who rank many blocks of users.
    """
    close = Close(users, longest_of(tracks) if longest is None else longest, k)
    order = np.argsort(hidden[1], kind="stable")
    hidden_users, hidden_tracks = hidden[0][order], hidden[1][order]
    for start in range(0, len(tracks), CHUNK):
        chunk = tracks[start : start + CHUNK]
        out = slice(*np.searchsorted(hidden_tracks, (start, start + len(chunk))))
        close.add(chunk, start, hidden_users[out], hidden_tracks[out])
    rows, columns = close.found()
    scores = (users[rows] * tracks[columns]).sum(axis=1).astype(np.float32)
    order = np.lexsort((-scores, rows))  # stable, and a row's columns ascend
    rows, columns, scores = rows[order], columns[order], scores[order]
    first = place(rows, len(users)) < k
    return RankedEntries(rows[first], columns[first], scores[first])


def longest_of(tracks: np.ndarray) -> float:
    """The length of the longest vector."""
    return float(np.sqrt(np.square(tracks, dtype=np.float64).sum(axis=1).max(initial=0)))


def place(rows: np.ndarray, count: int) -> np.ndarray:
    """How many entries of the same row stand before each; ``rows`` ascend, from 0 to below ``count``."""
    counts = np.bincount(rows, minlength=count)
    return np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)


class Close:
    """Which tracks come near enough to each user's k best for the rounding of float32 to decide."""

    def __init__(self, users: np.ndarray, longest: float, k: int) -> None:
        self.users, self.k = users.astype(np.float32), k
        # A dot product in float32 is off by less than (rank + 2) * 2**-24 * |x||y|, in whatever order it is summed.
        self.slack = (users.shape[1] + 8) * 2.0**-23 * longest * np.linalg.norm(users, axis=1)
        self.best = np.full((len(users), k), -np.inf, np.float32)
        self.parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []

    def add(self, chunk: np.ndarray, start: int, hidden_users: np.ndarray, hidden_tracks: np.ndarray) -> None:
        """Take in the tracks from ``start`` on."""
        scores = self.users @ chunk.T
        scores[hidden_users, hidden_tracks - start] = -np.inf
        rows, columns = above(scores, self.bar(self.lowest if start else first_guess(scores, self.k)))
        values = scores[rows, columns]
        self.parts.append((rows, columns + start, values))
        self._raise(rows, values)

    @property
    def lowest(self) -> np.ndarray:
        """The k-th best so far, (m,)."""
        return self.best.min(axis=1)

    def bar(self, lowest: np.ndarray) -> np.ndarray:
        """What a score must exceed to count, (m,): the k-th best less what rounding can do."""
        return np.nextafter((lowest - self.slack).astype(np.float32), np.float32(-np.inf))

    def _raise(self, rows: np.ndarray, values: np.ndarray) -> None:
        at = place(rows, len(self.best))
        padded = np.full((len(self.best), at.max(initial=-1) + 1), -np.inf, np.float32)
        padded[rows, at] = values
        both = np.concatenate([self.best, padded], axis=1)
        self.best = np.partition(both, both.shape[1] - self.k, axis=1)[:, -self.k :]

    def found(self) -> tuple[np.ndarray, np.ndarray]:
        """Positions of users and of tracks."""
        if not self.parts:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        rows, columns, values = (np.concatenate(part) for part in zip(*self.parts, strict=True))
        near = values > self.bar(self.lowest)[rows]
        return rows[near], columns[near]


def first_guess(scores: np.ndarray, k: int) -> np.ndarray:
    """A lower bound of each row's k-th largest, (m,): the k-th of the largest of some groups of columns."""
    groups = max(GROUPS, 2 * k)
    deep = scores.shape[1] // groups
    largest = scores[:, : deep * groups].reshape(len(scores), deep, groups).max(axis=1) if deep > 1 else scores
    if largest.shape[1] < k:
        return np.full(len(scores), -np.inf, np.float32)
    return np.partition(largest, largest.shape[1] - k, axis=1)[:, -k]


def above(scores: np.ndarray, bar: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the scores above their row's bar, by row and column."""
    passed = scores > bar[:, None]
    if passed.shape[1] % 8:
        rows, columns = np.nonzero(passed)
        return rows, columns
    # Few pass: looking at eight at a time finds them in an eighth of the time.
    eights = np.flatnonzero(passed.view(np.uint64) != 0)
    at, within = np.nonzero(passed.reshape(-1, 8)[eights])
    rows, columns = np.divmod(eights[at] * 8 + within, passed.shape[1])
    return rows, columns
