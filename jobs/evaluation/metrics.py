"""Metrics of users' lists, in numpy: how right they are, how little known, how much of them was heard before.

For a list and the tracks that were relevant for its user, at cut-off k (Manning, Raghavan and Schütze,
"Introduction to Information Retrieval", 2008, chapter 8; NDCG after Järvelin and Kekäläinen 2002):

- ``ndcg``: sum of 1 / log2(rank + 1) over hits, divided by that of the best possible list of k;
- ``recall``: hits / min(k, relevant); ``precision``: hits / k; ``hit_rate``: 1 where there is a hit;
- ``map``: mean over min(k, relevant) of the precision at each hit; ``mrr``: 1 / rank of the first hit.

Of the first k tracks of the list alone:

- ``novelty``: mean of -log2(plays of the track / plays of all), in bits: the self-information of Zhou et al.
  (PNAS 2010), with the popularity of Vargas and Castells (RecSys 2011, expected free discovery, with no
  discount by rank); a track that nobody played counts as played once;
- ``repeats``: share that the user had heard when the list was made.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

ACCURACY = ("ndcg", "recall", "precision", "map", "hit_rate", "mrr")


def cutoffs(k: int, longest: int) -> list[int]:
    """The k of the decisions, 5, and the length that is served; none beyond that length."""
    return sorted({cutoff for cutoff in (5, k, longest) if cutoff <= longest})


@dataclasses.dataclass(frozen=True)
class Lists:
    """Lists of some users: user_ids int64 (n,), ascending; tracks int64 and heard bool (n, longest), best first.

    ``lengths`` int64 (n,) says how many places of a row hold a track.
    """

    user_ids: np.ndarray
    tracks: np.ndarray
    heard: np.ndarray
    lengths: np.ndarray

    @classmethod
    def of(cls, rows: pa.Table) -> "Lists":
        """``rows``: user_id, rank (from 1, no gaps), track_id, heard; in any order."""
        column = {name: rows[name].to_numpy() for name in ("user_id", "rank", "track_id", "heard")}
        user_ids, row, lengths = np.unique(column["user_id"], return_inverse=True, return_counts=True)
        shape = (len(user_ids), int(column["rank"].max(initial=0)))
        tracks, heard = np.full(shape, -1, np.int64), np.zeros(shape, bool)
        at = row, column["rank"] - 1
        tracks[at], heard[at] = column["track_id"], column["heard"]
        return cls(user_ids.astype(np.int64), tracks, heard, lengths)

    def only(self, kept: np.ndarray) -> "Lists":
        """The lists of some of the users: ``kept`` is bool (n,)."""
        return Lists(*(getattr(self, field.name)[kept] for field in dataclasses.fields(self)))

    def listed(self, k: int) -> np.ndarray:
        """Which of the first k places hold a track: bool (n, k or the longest)."""
        return np.arange(min(k, self.tracks.shape[1])) < self.lengths[:, None]


@dataclasses.dataclass(frozen=True)
class Catalogue:
    """What could be listed: track_ids int64 (n,), ascending; information float64 (n,), in bits; most_novel for a track with no plays."""

    track_ids: np.ndarray
    information: np.ndarray
    most_novel: float

    @classmethod
    def of(cls, track_ids: np.ndarray, plays: np.ndarray) -> "Catalogue":
        """``plays``: how often each track was ever played, (n,)."""
        order = np.argsort(track_ids)
        total = max(float(plays.sum()), 1.0)
        return cls(track_ids[order], np.log2(total / np.maximum(plays[order], 1)), float(np.log2(total)))

    def __len__(self) -> int:
        return len(self.track_ids)

    def positions(self, tracks: np.ndarray) -> np.ndarray:
        """Place of each track in ``track_ids``, in the shape of ``tracks``; -1 for one that is not there."""
        if not len(self):
            return np.full(tracks.shape, -1)
        at = np.searchsorted(self.track_ids, tracks).clip(max=len(self) - 1)
        return np.where(self.track_ids[at] == tracks, at, -1)

    def novelty(self, tracks: np.ndarray) -> np.ndarray:
        """Self-information of each track, in bits."""
        at = self.positions(tracks)
        return np.where(at >= 0, np.append(self.information, self.most_novel)[at], self.most_novel)


def per_user(lists: Lists, relevant: pa.Table, catalogue: Catalogue, ks: Sequence[int]) -> pd.DataFrame:
    """By user_id, ascending, one column (float64) for each metric and k, such as ``ndcg_10``.

    Args:
        relevant: user_id, track_id, each pair once. Users with none, or with no list, are left out.
    """
    hit, found = hits(lists, relevant)
    lists, hit, found = lists.only(found > 0), hit[found > 0], found[found > 0]
    columns = {f"{name}_{k}": values for k in ks for name, values in accuracy(hit, found, k).items()}
    bits = catalogue.novelty(lists.tracks)
    for k in ks:
        listed = lists.listed(k)
        places = listed.sum(axis=1)
        columns[f"novelty_{k}"] = (bits[:, :k] * listed).sum(axis=1) / places
        columns[f"repeats_{k}"] = (lists.heard[:, :k] & listed).sum(axis=1) / places
    return pd.DataFrame(columns, index=pd.Index(lists.user_ids, name="user_id"), dtype=np.float64)


def hits(lists: Lists, relevant: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    """Which listed tracks were relevant, bool in the shape of the lists, and how many were for each user, (n,)."""
    users, tracks = (relevant[name].to_numpy() for name in ("user_id", "track_id"))
    theirs = np.isin(users, lists.user_ids)
    row = np.searchsorted(lists.user_ids, users[theirs])
    wanted, at = np.unique(tracks[theirs], return_inverse=True)
    known = Catalogue(wanted, np.empty(0), 0.0).positions(lists.tracks)
    # User and track as one number, so that one look-up finds the pair.
    pairs = np.arange(len(lists.user_ids))[:, None] * len(wanted) + known
    hit = np.isin(pairs, row * len(wanted) + at) & (known >= 0) & lists.listed(lists.tracks.shape[1])
    return hit, np.bincount(row, minlength=len(lists.user_ids))


def accuracy(hit: np.ndarray, relevant: np.ndarray, k: int) -> dict[str, np.ndarray]:
    """The metrics of :data:`ACCURACY` at k, (n,) each, of hits (n, longest) and counts of relevant tracks above 0, (n,)."""
    hit = hit[:, :k].astype(np.float64)
    ranks = np.arange(1, k + 1)
    gains = 1 / np.log2(ranks + 1)
    ranks, gains, ideal = ranks[: hit.shape[1]], gains[: hit.shape[1]], gains.cumsum()
    possible = np.minimum(relevant, k)
    count = hit.sum(axis=1)
    return {
        "ndcg": hit @ gains / ideal[possible - 1],
        "recall": count / possible,
        "precision": count / k,
        "map": (hit * hit.cumsum(axis=1) / ranks).sum(axis=1) / possible,
        "hit_rate": (count > 0).astype(np.float64),
        "mrr": (hit / ranks).max(axis=1, initial=0.0),
    }
