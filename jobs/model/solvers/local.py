"""ALS in the memory of one process, on all of its cores.

The same pairs and seed give the same factors, whatever the number of threads and the order of the pairs.
"""

import concurrent.futures
import contextlib
import dataclasses
import os
import time
from collections.abc import Callable, Iterator

import numpy as np
from pyspark.sql import DataFrame
from threadpoolctl import threadpool_limits

from conf.errors import CannotFit
from conf.settings import AlsSettings
from jobs.model.factors import FactorModel
from jobs.model.solvers.csr import NOTHING, PackedPairs, from_frame
from jobs.runtime.progress import progress

# Length of an initial vector, about: small, so that the first half steps decide and not the start
# (Rendle et al., "Revisiting the Performance of iALS on Item Recommendation Benchmarks", 2022).
INITIAL = 0.1
CHUNK = 1024  # rows that are drawn together
QUIET = 5.0  # seconds between two lines of progress
TOO_HEAVY = 1e9  # alpha x weight beyond which single precision has nothing left for confidence 1


@dataclasses.dataclass(frozen=True)
class FitProgress:
    """Where a fit stands after ``iteration`` (from 1) of ``iterations``.

    ``loss`` is of the factors that this iteration began with: the weighted squared error and the regularisation.
    """

    iteration: int
    iterations: int
    loss: float
    seconds_left: float


@dataclasses.dataclass(frozen=True)
class State(FitProgress):
    """The same, with the factors: users float32 (m, rank) and tracks float32 (n, rank).

    They are the solver's own, and change as it goes on.
    """

    users: np.ndarray
    tracks: np.ndarray


def fit(interactions: DataFrame, als: AlsSettings) -> FactorModel:
    """Fit on one row per pair: user_id, track_id, weight."""
    return fit_packed(from_frame(interactions), als)


def fit_packed(packed: PackedPairs, als: AlsSettings, progress: "Callable[[State], None] | None" = None) -> FactorModel:
    """Fit, and tell ``progress`` after each iteration; without one, a long fit logs how far it is.

    Raises:
        CannotFit: there is nothing to fit on, or these parameters give no finite factors.
    """
    tell = progress or Log()
    for state in states(packed, als):
        tell(state)
    return FactorModel(packed.track_ids, state.tracks, packed.user_ids, state.users, dataclasses.asdict(als))


def states(packed: PackedPairs, als: AlsSettings, precise: bool = False) -> Iterator[State]:
    """The fit, an iteration at a time: users, tracks, and users again for the tracks that it ends with.

    Args:
        precise: solve each system whole, in double precision, in place of a few steps of conjugate gradient.
    """
    # Compiled code: loaded by those who fit, and compiled on the first fit after an installation.
    from jobs.model.solvers import kernel

    if not packed.pairs:
        raise CannotFit(NOTHING)
    check(float(packed.weights.data.max()), als)
    half_step, kind = (kernel.exact, np.float64) if precise else (kernel.conjugate_gradient, np.float32)
    by_user, by_track = packed.weights, packed.weights.T.tocsr()
    user_reg, track_reg = (
        regularisation(pairs.indptr, als.reg, als.reg_exponent).astype(kind) for pairs in (by_user, by_track)
    )
    users = np.zeros((by_user.shape[0], als.rank), kind)
    tracks = initial(0, by_track.shape[0], als.rank, als.seed).astype(kind)
    begun = time.monotonic()
    with threads() as run, np.errstate(over="ignore", invalid="ignore"):
        track_gram = kernel.gram(tracks, run)
        half_step(by_user, tracks, track_gram, users, user_reg, als.alpha, run)
        for iteration in range(1, als.iterations + 1):
            user_gram = kernel.gram(users, run)
            loss = half_step(by_track, users, user_gram, tracks, track_reg, als.alpha, run)
            loss += float(np.sum(user_gram * track_gram)) + float(user_reg @ np.einsum("uk,uk->u", users, users))
            track_gram = kernel.gram(tracks, run)
            half_step(by_user, tracks, track_gram, users, user_reg, als.alpha, run)
            if not (np.isfinite(track_gram).all() and np.isfinite(users).all()):
                raise CannotFit(f"the factors are not finite with reg {als.reg} and alpha {als.alpha}; raise [als] reg")
            left = (time.monotonic() - begun) / iteration * (als.iterations - iteration)
            yield State(iteration, als.iterations, loss, left, users, tracks)


def check(heaviest: float, als: AlsSettings) -> None:
    """Refuse weights, of which this is the largest, that single precision cannot hold beside a confidence of 1."""
    if als.alpha * heaviest > TOO_HEAVY:
        raise CannotFit(
            f"alpha x the largest weight is {als.alpha * heaviest:.3g}, allowed is at most {TOO_HEAVY:.0g}; "
            "lower [als] alpha or set weighting to log"
        )


def regularisation(ends: np.ndarray, reg: float, reg_exponent: float) -> np.ndarray:
    """``reg * n ** reg_exponent`` of rows whose pairs end there: float64 (rows,)."""
    return reg * np.diff(ends).astype(np.float64) ** reg_exponent


def initial(first: int, end: int, rank: int, seed: int) -> np.ndarray:
    """Normal values that make vectors of a length of about :data:`INITIAL`, float32 (end - first, rank).

    A row's values depend on its position and the seed alone, so that blocks of rows can be made apart.
    """
    parts = []
    for chunk in range(first // CHUNK, -(-end // CHUNK)):
        values = np.random.default_rng((seed, chunk)).standard_normal((CHUNK, rank), np.float32)
        start = chunk * CHUNK
        parts.append(values[max(0, first - start) : end - start])
    return np.concatenate(parts) * np.float32(INITIAL / np.sqrt(rank))


@contextlib.contextmanager
def threads() -> "Iterator[Callable]":
    """A ``map`` over one thread a core, with BLAS on one thread in each."""
    cores = len(os.sched_getaffinity(0))
    with threadpool_limits(1, "blas"), concurrent.futures.ThreadPoolExecutor(cores) as pool:
        yield pool.map


class Log:
    """A line of progress every :data:`QUIET` seconds."""

    def __init__(self) -> None:
        self.last = time.monotonic()

    def __call__(self, state: FitProgress) -> None:
        if time.monotonic() - self.last >= QUIET:
            self.last = time.monotonic()
            progress(
                state.iteration / state.iterations,
                f"fitting, iteration {state.iteration} of {state.iterations}, training loss {state.loss:.6g}, "
                f"{state.seconds_left:.0f} s left",
            )
