"""One trial of parameters: a fit in memory, its lists held against an inner holdout as it goes on."""

import dataclasses
import functools
import logging
import time
from collections.abc import Callable, Iterator

import numpy as np
import scipy.sparse

from conf.errors import Refused
from conf.settings import AlsSettings
from jobs.model.solvers.csr import PackedPairs
from jobs.model.solvers.local import State, states, threads
from jobs.training.tuning.search import Trial

log = logging.getLogger("jobs.training.tuning")

SCHEDULE = frozenset((1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 30))  # iterations after which NDCG is looked at
PATIENCE = 2  # looks without a new best after which a trial stops
LOOKS, HOPELESS = 4, 0.7  # or whose best after so many iterations is below this share of the best so far
PAIRS_A_SECOND = 10_000  # pairs that the search takes on for each second that it has
SCORED = 5_000  # users whose lists are looked at


class Trials:
    """A judge for :class:`jobs.training.tuning.search.Search`: the same users for every trial."""

    def __init__(
        self,
        packs: Callable[[float], PackedPairs],
        relevant: tuple[np.ndarray, np.ndarray],
        k: int,
        seconds: float,
        seed: int = 0,
    ) -> None:
        """
        Args:
            packs: half_life_days -> what to fit on, weighted by plays; the same pairs for each.
            relevant: user_ids and track_ids, (n,) each: what a list can be right about, each pair once.
            seconds: time that the search has. Of more data than it can look at, a sample of users is taken.
        """
        self.k, self.packs, self.best = k, packs, 0.0
        draw = np.random.default_rng(seed)
        whole = packs(0.0)
        share = min(1.0, seconds * PAIRS_A_SECOND / max(1, whole.pairs))
        self.sample = None if share == 1 else np.flatnonzero(draw.random(len(whole.user_ids)) < share)
        packed = self.packed(0.0)
        self.relevant = relevance(packed, *relevant)
        scored = np.flatnonzero(np.diff(self.relevant.indptr))
        self.scored = np.sort(draw.permutation(scored)[:SCORED])

    @functools.lru_cache(maxsize=4)  # noqa: B019 - lives as long as the search does
    def packed(self, half_life_days: float) -> PackedPairs:
        whole = self.packs(half_life_days)
        return whole if self.sample is None else whole.of_users(self.sample)

    @property
    def typical(self) -> float:
        """Pairs of a typical row, between users and tracks."""
        packed = self.packed(0.0)
        return packed.pairs / float(np.sqrt(len(packed.user_ids) * len(packed.track_ids)))

    def __call__(self, als: AlsSettings, deadline: float) -> Trial:
        begun = time.monotonic()
        packed = self.packed(als.half_life_days)
        try:
            curve = tuple(self.curve(packed.weighted(als.weighting), als, deadline))
        except Refused as refusal:  # parameters that no model can be fitted with are the worst there are
            log.info("%s", refusal)
            curve = ((1, 0.0),)
        best = max(curve, key=lambda point: point[1])
        self.best = max(self.best, best[1])
        found = dataclasses.replace(als, iterations=best[0])
        return Trial(found, best[1], curve, time.monotonic() - begun)

    def curve(self, packed: PackedPairs, als: AlsSettings, deadline: float) -> Iterator[tuple[int, float]]:
        """(iteration, NDCG), until it has fallen, or time is up."""
        best, since = -1.0, 0
        heard, relevant = packed.weights[self.scored], self.relevant[self.scored]
        for state in states(packed, als):
            late = time.monotonic() >= deadline
            if state.iteration not in SCHEDULE and not late and state.iteration < als.iterations:
                continue
            value = self.ndcg(state, heard, relevant)
            yield state.iteration, value
            best, since = (value, 0) if value > best else (best, since + 1)
            hopeless = state.iteration >= LOOKS and best < HOPELESS * self.best
            if late or since >= PATIENCE or hopeless:
                return

    def ndcg(self, state: State, heard: scipy.sparse.csr_matrix, relevant: scipy.sparse.csr_matrix) -> float:
        from jobs.training.tuning.fast_ndcg import ndcg  # compiled code

        with threads() as run:
            return float(ndcg(state.users[self.scored], state.tracks, heard, relevant, self.k, run).mean())


def relevance(packed: PackedPairs, users: np.ndarray, tracks: np.ndarray) -> scipy.sparse.csr_matrix:
    """One for each relevant pair of a packed user; tracks that are not packed have columns of their own, at the end."""
    known, rows = positions(packed.user_ids, users)
    rows, tracks = rows[known], tracks[known]
    known, columns = positions(packed.track_ids, tracks)
    missing, numbers = np.unique(tracks[~known], return_inverse=True)
    columns[~known] = len(packed.track_ids) + numbers
    shape = (len(packed.user_ids), len(packed.track_ids) + len(missing))
    return scipy.sparse.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape)


def positions(ids: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whether each wanted id is in ``ids`` (ascending, not empty), and where."""
    at = np.searchsorted(ids, wanted).clip(max=len(ids) - 1)
    return ids[at] == wanted, at
