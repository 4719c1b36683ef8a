"""Lists for users, made in memory from their histories, the model and the candidates. numpy and Arrow only."""

import dataclasses
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.model.fold_in import FoldedIn, FoldIn
from jobs.recommendation.candidates import Candidates
from jobs.recommendation.ranking import RankedEntries, best, longest_of, place
from jobs.recommendation.user_pairs import UserPairs

BECAUSE = 3  # heard tracks named as the reason of a recommendation

LIST_SCHEMA = pa.schema(
    [
        ("user_id", pa.int64()),
        ("rank", pa.int32()),
        ("track_id", pa.int64()),
        ("score", pa.float32()),
        ("source", pa.string()),
        ("because", pa.list_(pa.int64())),
    ]
)


@dataclasses.dataclass(frozen=True)
class Entries:
    """Entries of the lists of a block, a user's together and best first.

    Shapes: users int64 (e,), positions in the block; track_ids int64 (e,); scores float32 (e,); because e arrays of
    ids in one Arrow array.
    """

    users: np.ndarray
    track_ids: np.ndarray
    scores: np.ndarray
    because: pa.ListArray


class Scorer:
    """Scores users against the tracks that are both known to the model and among the candidates."""

    def __init__(
        self,
        track_ids: np.ndarray,
        fold_in: FoldIn | None,
        candidates: Candidates,
        k: int,
        min_plays: int,
        explain: bool = True,
    ) -> None:
        """``track_ids``: the model's, int64 (n,), ascending; with no ``fold_in`` all are served popularity."""
        self.track_ids, self.fold_in, self.candidates = track_ids, fold_in, candidates
        self.known = pa.array(track_ids, pa.int64())
        self.k, self.min_plays, self.explain = k, min_plays, explain
        self.liked: dict[str | None, np.ndarray] = {}  # positions among the candidates by favourite genres
        if fold_in:
            self.servable = np.flatnonzero(np.isin(track_ids, candidates.track_ids))
            self.factors = fold_in.factors[self.servable]
            self.longest = longest_of(self.factors)
            # Where a track of the model stands among the candidates; the last is for tracks that it does not know.
            self.column = np.full(len(track_ids) + 1, -1)
            self.column[self.servable] = np.arange(len(self.servable))

    def lists(self, listeners: UserPairs) -> Iterator[pa.RecordBatch]:
        """The users' lists as :data:`LIST_SCHEMA`, a user's together, by user and rank."""
        rank = self.fold_in.factors.shape[1] if self.fold_in else 0
        rows, first = self.positions(listeners.track_ids), 0
        for block in listeners.blocks(rank):
            end = first + len(block.track_ids)
            yield self._lists_of(block, rows[first:end])
            first = end

    def _lists_of(self, block: UserPairs, rows: np.ndarray) -> pa.RecordBatch:
        """``rows``: where the tracks of the block's pairs stand in the model, -1 of those that it does not know."""
        modelled = self._by_model(block, rows, self.fold_in) if self.fold_in else no_entries()
        popular = self._by_popularity(block, modelled)
        users = np.concatenate([modelled.users, popular.users])
        order = np.argsort(users, kind="stable")  # what popularity adds comes after the model's
        users = users[order]
        ranks = place(users, len(block.user_ids)) + 1
        source = pa.DictionaryArray.from_arrays((order >= len(modelled.users)).astype(np.int8), ["als", "popular"])
        columns = [
            block.user_ids[users],
            ranks.astype(np.int32),
            np.concatenate([modelled.track_ids, popular.track_ids])[order],
            np.concatenate([modelled.scores, popular.scores])[order],
            source.cast(pa.string()),
            pa.concat_arrays([modelled.because, popular.because]).take(pa.array(order)),
        ]
        return pa.RecordBatch.from_arrays([pa.array(column) for column in columns], schema=LIST_SCHEMA)

    def _by_model(self, block: UserPairs, rows: np.ndarray, fold_in: FoldIn) -> Entries:
        plays = np.bincount(block.owners, block.plays * (rows >= 0), len(block.user_ids))
        enough = plays >= self.min_plays
        if block.factors is not None:
            enough &= ~np.isnan(block.factors[:, 0])
        chosen = np.flatnonzero(enough)
        if not len(chosen):
            return no_entries()
        owners = block.owners
        known = np.flatnonzero((rows >= 0) & enough[owners])  # pairs that count
        starts = np.append(np.searchsorted(owners[known], chosen), len(known))
        if block.factors is None:
            folded = list(fold_in.fold_each(rows[known], block.weights[known], starts))
            factors = np.stack([user.factors for user in folded])
        else:
            folded, factors = [], block.factors[chosen]
        ranked = best(factors, self.factors, self._hidden(block, rows, chosen), self.k, self.longest)
        reasons = np.split(block.track_ids[known], starts[1:-1])
        because = self._because(ranked, folded, reasons) if folded and self.explain else no_lists(len(ranked.users))
        return Entries(chosen[ranked.users], self.track_ids[self.servable[ranked.tracks]], ranked.scores, because)

    def positions(self, track_ids: np.ndarray) -> np.ndarray:
        """Rows of these ids among the model's, -1 of those that it does not know: by hashing, where sorting is slow."""
        return pc.index_in(pa.array(track_ids), value_set=self.known).fill_null(-1).to_numpy()

    def _hidden(self, block: UserPairs, rows: np.ndarray, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Positions among the chosen users and among the candidates of what is not to be listed."""
        among = np.full(len(block.user_ids), -1)
        among[chosen] = np.arange(len(chosen))
        users, columns = among[block.owners[block.hidden]], self.column[rows[block.hidden]]
        there = (users >= 0) & (columns >= 0)
        return users[there], columns[there]

    def _because(self, ranked: RankedEntries, folded: list[FoldedIn], heard: list[np.ndarray]) -> pa.ListArray:
        """Of each entry the heard tracks that contributed most, most first."""
        ends = np.searchsorted(ranked.users, np.arange(len(folded) + 1))
        found, lengths = [], []
        for at, (user, ids) in enumerate(zip(folded, heard, strict=True)):
            tracks = self.factors[ranked.tracks[ends[at] : ends[at + 1]]]
            reasons = largest(user.contributions(tracks), BECAUSE)
            found.append(ids[reasons].ravel())
            lengths.append(np.full(len(tracks), reasons.shape[1]))
        return list_array(np.concatenate(lengths), np.concatenate(found))

    def _by_popularity(self, block: UserPairs, modelled: Entries) -> Entries:
        """What completes each list to k: within the user's favourite genres, then of all."""
        ends = np.searchsorted(modelled.users, np.arange(len(block.user_ids) + 1))
        users, chosen = [], []
        for user in np.flatnonzero(np.diff(ends) < self.k):
            pairs = slice(block.starts[user], block.starts[user + 1])
            listed = modelled.track_ids[ends[user] : ends[user + 1]]
            taken = np.concatenate([block.track_ids[pairs][block.hidden[pairs]], listed])
            chosen.append(self._popular(block.genres[user], taken, self.k - len(listed)))
            users.append(np.full(len(chosen[-1]), user))
        if not users:
            return no_entries()
        # Plays do not rise where the favourite genres end: scores descend within a list.
        scores = [np.minimum.accumulate(self.candidates.plays[at]) for at in chosen]
        ids = self.candidates.track_ids[np.concatenate(chosen)]
        return Entries(np.concatenate(users), ids, np.concatenate(scores), no_lists(len(ids)))

    def _popular(self, genres: str | None, taken: np.ndarray, wanted: int) -> np.ndarray:
        """Positions among the candidates of what is free, within the genres first."""
        if genres not in self.liked:
            self.liked[genres] = self.candidates.of_genres(genres)
        enough = wanted + len(taken)  # no more than this many can be taken already
        liked = self.liked[genres][:enough]
        others = np.setdiff1d(np.arange(min(enough + len(liked), len(self.candidates.track_ids))), liked)
        order = np.concatenate([liked, others])
        return order[~np.isin(self.candidates.track_ids[order], taken)][:wanted]


def largest(values: np.ndarray, count: int) -> np.ndarray:
    """Positions of each row's largest, largest first, (m, at most count); of equal ones the lower first."""
    values, found = values.copy(), []
    for _ in range(min(count, values.shape[1])):
        found.append(values.argmax(axis=1))
        values[np.arange(len(values)), found[-1]] = -np.inf
    return np.stack(found, axis=1)


def list_array(lengths: np.ndarray, values: np.ndarray) -> pa.ListArray:
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(values, pa.int64()))


def no_lists(count: int) -> pa.ListArray:
    return list_array(np.zeros(count, np.int64), np.empty(0, np.int64))


def no_entries() -> Entries:
    nothing = np.empty(0, np.int64)
    return Entries(nothing, nothing, np.empty(0, np.float32), no_lists(0))
