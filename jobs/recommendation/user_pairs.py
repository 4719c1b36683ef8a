"""Users and what they heard, as arrays. numpy and Arrow only."""

import dataclasses
import itertools
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

BLOCK = 256  # users at once
NUMBERS = 16_000_000  # of their tracks' factors (128 MB): users with long histories come in smaller blocks


@dataclasses.dataclass(frozen=True)
class UserPairs:
    """Users and their pairs; those of user u are from ``starts[u]`` to ``starts[u + 1]``, tracks ascending.

    Shapes: user_ids int64 (m,), ascending; genres m texts or None; starts int64 (m + 1,); track_ids int64, plays
    int64, weights float64 and hidden bool (p,); factors float64 (m, rank) of the fit, NaN for users without, or
    None: then all are folded in.
    """

    user_ids: np.ndarray
    genres: list[str | None]
    starts: np.ndarray
    track_ids: np.ndarray
    plays: np.ndarray
    weights: np.ndarray
    hidden: np.ndarray
    factors: np.ndarray | None = None

    def blocks(self, rank: int) -> Iterator["UserPairs"]:
        """The users in order, few enough at a time to hold the factors of all of their tracks."""
        numbers = np.cumsum(np.diff(self.starts) * rank) // NUMBERS
        count = len(self.user_ids)
        new = (np.diff(numbers) != 0) | (np.arange(1, count) % BLOCK == 0)
        edges = [0, *(np.flatnonzero(new) + 1).tolist(), count]
        for first, end in itertools.pairwise(edges):
            if end > first:
                yield self._between(first, end)

    def _between(self, first: int, end: int) -> "UserPairs":
        pairs = slice(self.starts[first], self.starts[end])
        return UserPairs(
            self.user_ids[first:end],
            self.genres[first:end],
            self.starts[first : end + 1] - self.starts[first],
            self.track_ids[pairs],
            self.plays[pairs],
            self.weights[pairs],
            self.hidden[pairs],
            None if self.factors is None else self.factors[first:end],
        )

    @property
    def owners(self) -> np.ndarray:
        """Position of the user of each pair, (p,)."""
        return np.repeat(np.arange(len(self.user_ids)), np.diff(self.starts))


def user_pairs_of(rows: pa.Table, rank: int = 0) -> UserPairs:
    """Users from rows in any order; those without a user are none of theirs.

    Args:
        rows: user_id, and either track_id, plays, weight and hidden of a pair; or nothing else than the user's
            genres, once for each user; or as ``piece`` the user's factors of the fit, float32.
        rank: of those factors; 0 folds all in.
    """
    has_user, has_track, has_piece = (pc.is_valid(rows[name]) for name in ("user_id", "track_id", "piece"))
    is_pair = pc.and_(has_user, has_track)
    of_users = pc.and_(has_user, pc.invert(pc.or_(has_track, has_piece)))
    people = rows.select(["user_id", "genres"]).filter(of_users).sort_by("user_id")
    pairs = rows.select(["user_id", "track_id", "plays", "weight", "hidden"]).filter(is_pair)
    owners = pc.index_in(pairs["user_id"], value_set=people["user_id"]).to_numpy()
    order = by_owner(owners, pairs["track_id"])
    user_ids = people["user_id"].to_numpy()
    return UserPairs(
        user_ids,
        people["genres"].to_pylist(),
        np.append(0, np.cumsum(np.bincount(owners, minlength=len(user_ids)))),
        pairs["track_id"].to_numpy()[order],
        pairs["plays"].to_numpy()[order],
        pairs["weight"].to_numpy()[order].astype(np.float64),
        pairs["hidden"].to_numpy(zero_copy_only=False)[order],
        factors_of(user_ids, rows.filter(pc.and_(has_user, has_piece)), rank) if rank else None,
    )


def by_owner(owners: np.ndarray, track_ids: pa.ChunkedArray) -> np.ndarray:
    """The order by owner and track. One number for both sorts in a fraction of the time that two keys take."""
    coded = track_ids.combine_chunks().dictionary_encode()
    rank = np.argsort(np.argsort(coded.dictionary.to_numpy()))
    return np.argsort(owners * np.int64(len(rank)) + rank[coded.indices.to_numpy()])


def factors_of(user_ids: np.ndarray, rows: pa.Table, rank: int) -> np.ndarray:
    """Factors of each user, float64 (m, rank), from user_id and ``piece``; NaN for users without."""
    factors = np.full((len(user_ids), rank), np.nan)
    for user, piece in zip(rows["user_id"].to_pylist(), rows["piece"].to_pylist(), strict=True):
        factors[np.searchsorted(user_ids, user)] = np.frombuffer(piece, np.float32)
    return factors
