"""What fits the factors, behind one interface: a solver is a function from interactions to a model."""

import dataclasses
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from pyspark.sql import DataFrame

from conf.errors import CannotFit
from conf.settings import AlsSettings
from jobs.model import lineage
from jobs.model.factors import FactorModel
from jobs.model.solvers import blocks, local, mllib
from jobs.model.solvers.csr import NOTHING

log = logging.getLogger("jobs.als")

# user_id, track_id, weight (each pair once) and the parameters -> the fitted model.
Solver = Callable[[DataFrame, AlsSettings], FactorModel]

SOLVERS: dict[str, Solver] = {"local": local.fit, "blocks": blocks.fit, "mllib": mllib.fit}

# Bytes of a pair: both orders of the sparse matrix (16), and the columns it is made from (Arrow, codes, sorting).
PAIR = 80
# Factors are held once while fitting, and again in part for a batch and for scoring.
FACTOR = 4 * 3


def fit(interactions: DataFrame, als: AlsSettings) -> FactorModel:
    """Fit by the solver that ``[als] solver`` names.

    The recipe says which that was (``solver``) and why (``solver_reason``), and in ``trained`` what the model was made
    from: users, tracks, pairs, plays, hash, code, seed, seconds, max_rss_mb.

    Raises:
        Refused: there are no interactions, or the parameters give no finite factors.
    """
    begun = time.monotonic()
    found = lineage.interactions(interactions)
    if not found["pairs"]:
        raise CannotFit(NOTHING)
    name, reason = choose(found, als)
    log.info("solver %s: %s", name, reason)
    model = SOLVERS[name](interactions, als)
    trained = {
        **found,
        "code": lineage.code_version(),
        "seed": als.seed,
        "seconds": round(time.monotonic() - begun, 3),
        "max_rss_mb": lineage.peak_memory_mb(),
    }
    chosen = {"solver": name, "solver_reason": reason, "trained": trained}
    return dataclasses.replace(model, recipe={**model.recipe, **chosen})


def choose(counts: Mapping[str, Any], als: AlsSettings) -> tuple[str, str]:
    """The solver's name and the reason: ``auto`` is local where that fits into ``local_mb``, else blocks.

    Args:
        counts: pairs, users and tracks.
    """
    if als.solver != "auto":
        return als.solver, "as [als] solver says"
    pairs, users, tracks = (counts[name] for name in ("pairs", "users", "tracks"))
    needed = megabytes(pairs, users + tracks, als.rank)
    what = f"{pairs:,} pairs of {users:,} users and {tracks:,} tracks at rank {als.rank} need {needed:,} MB"
    if needed <= als.local_mb:
        return "local", f"{what}, [als] local_mb allows {als.local_mb:,}"
    return "blocks", f"{what}, more than the {als.local_mb:,} of [als] local_mb"


def megabytes(pairs: int, rows: int, rank: int) -> int:
    """Memory that the local solver takes at its peak; ``rows`` are users and tracks."""
    return (pairs * PAIR + rows * rank * FACTOR) // 2**20 + 1
