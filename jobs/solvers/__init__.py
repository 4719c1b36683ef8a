"""What fits the factors, behind one interface: a solver is a function from interactions to a model."""

import dataclasses
import logging
from collections.abc import Callable

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from conf.settings import Als
from jobs.factors import FactorModel
from jobs.solvers import local, mllib

log = logging.getLogger("jobs.als")

# user_id, track_id, weight (each pair once) and the parameters -> the fitted model.
Solver = Callable[[DataFrame, Als], FactorModel]

SOLVERS: dict[str, Solver] = {"local": local.fit, "mllib": mllib.fit}

# Bytes of a pair: both orders of the sparse matrix (16), and the columns it is made from (Arrow, codes, sorting).
PAIR = 80
# Factors are held once while fitting, and again in part for a batch and for scoring.
FACTOR = 4 * 3


def fit(interactions: DataFrame, als: Als) -> FactorModel:
    """Fit by the solver that ``[als] solver`` names; the recipe says which that was, and why."""
    name, reason = choose(interactions, als)
    log.info("solver %s: %s", name, reason)
    model = SOLVERS[name](interactions, als)
    return dataclasses.replace(model, recipe={**model.recipe, "solver": name, "solver_reason": reason})


def choose(interactions: DataFrame, als: Als) -> tuple[str, str]:
    """The solver's name and the reason: ``auto`` is local where that fits into ``local_mb``."""
    if als.solver != "auto":
        return als.solver, "as [als] solver says"
    counts = interactions.agg(F.count("*"), F.count_distinct("user_id"), F.count_distinct("track_id")).collect()[0]
    pairs, users, tracks = (int(count) for count in counts)
    needed = megabytes(pairs, users, tracks, als.rank)
    what = f"{pairs:,} pairs of {users:,} users and {tracks:,} tracks at rank {als.rank} need {needed:,} MB"
    if needed <= als.local_mb:
        return "local", f"{what}, [als] local_mb allows {als.local_mb:,}"
    return "mllib", f"{what}, more than the {als.local_mb:,} of [als] local_mb"


def megabytes(pairs: int, users: int, tracks: int, rank: int) -> int:
    """Memory that the local solver takes at its peak."""
    return (pairs * PAIR + (users + tracks) * rank * FACTOR) // 2**20 + 1
