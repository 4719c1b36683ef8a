"""Whether a training chooses its parameters anew, and on what: an inner holdout, before the outer one begins.

The outer holdout compares challenger, popularity and champion, and must not have had a say in what it judges. The
inner one is the last days before it, found by the same rule.
"""

import dataclasses
import datetime
import functools
from collections.abc import Mapping
from typing import Any

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from conf.settings import AlsSettings, EvaluateSettings
from jobs.evaluation.holdout import choose
from jobs.model.pairs import midnight, trained_on, weighted
from jobs.model.solvers import megabytes
from jobs.model.solvers.csr import PackedPairs, from_frame
from jobs.training.tuning.search import HIGHEST_RANK, Search, Trial
from jobs.training.tuning.trials import PAIRS_A_SECOND, Trials

WEEK = datetime.timedelta(days=7)
# The best of many trials is more easily due to chance than the better of two models: the inner holdout goes back, within
# holdout_days, for this many times min_users.
STEADY = 10
PLAYS_A_SECOND = 4 * PAIRS_A_SECOND  # of which pairs are made, and a sample of these taken where they are still many
PARTS = 10_000
# What a search chooses; the rest of the parameters are as the settings say.
CHOSEN = ("rank", "reg", "reg_exponent", "alpha", "weighting", "half_life_days", "iterations")


@dataclasses.dataclass(frozen=True)
class Chosen:
    """Parameters, the day on which a search chose them (empty: none did), why, and its trials if it was now."""

    als: AlsSettings
    tuned_on: str
    reason: str
    trials: tuple[Trial, ...] = ()

    def recipe(self) -> dict[str, Any]:
        return {"tuned_on": self.tuned_on, "tuning": self.reason, "trials": len(self.trials)}


def chosen_before(recipe: Mapping[str, Any], als: AlsSettings) -> Chosen:
    """What the champion's ``recipe`` says, if a search chose that, else the settings."""
    tuned_on = str(recipe.get("tuned_on", ""))
    if als.tune == "never" or not tuned_on:
        return Chosen(als, "", "[als] as set")
    parameters = {name: recipe[name] for name in CHOSEN if name in recipe}
    return Chosen(dataclasses.replace(als, **parameters), tuned_on, f"as tuned on {tuned_on}")


def due(before: Chosen, date: datetime.date) -> bool:
    """Whether a training at ``date`` searches: ``never``, each time, or a week after the last search."""
    if before.als.tune == "weekly" and before.tuned_on:
        return date - datetime.date.fromisoformat(before.tuned_on) >= WEEK
    return before.als.tune != "never"


def parameters(
    plays: DataFrame,
    start: datetime.date,
    recipe: Mapping[str, Any],
    als: AlsSettings,
    evaluate: EvaluateSettings,
    date: datetime.date,
) -> Chosen:
    """The parameters of a training at ``date``.

    Args:
        plays: user_id, track_id, listened_at.
        start: when the outer holdout begins; what was played from then on is not looked at.
        recipe: the champion's, empty where there is none.
    """
    before = chosen_before(recipe, als)
    if not due(before, date):
        return before
    last = start - datetime.timedelta(days=1)
    known = plays.filter(F.col("listened_at") < midnight(start))
    holdout = choose(known, last, dataclasses.replace(evaluate, min_users=STEADY * evaluate.min_users))
    if holdout.users < evaluate.min_users:
        reason = f"not tuned: {holdout.users} users on the inner holdout, [evaluate] min_users is {evaluate.min_users}"
        return dataclasses.replace(before, reason=f"{before.reason}; {reason}")
    training = known.filter(F.col("listened_at") < midnight(holdout.start))
    training = sampled(training, als.tune_seconds)
    return search(training, discovered(known, holdout.start), holdout.start, before, evaluate.k, date)


def sampled(plays: DataFrame, seconds: float) -> DataFrame:
    """Of plays too many for a search of so many seconds, those of a sample of users: all is not brought here to be dropped."""
    share = seconds * PLAYS_A_SECOND / max(1, plays.count())
    if share >= 1:
        return plays
    return plays.filter(F.pmod(F.xxhash64("user_id"), F.lit(PARTS)) < F.lit(max(1, int(share * PARTS))))


def search(
    training: DataFrame,
    relevant: tuple[np.ndarray, np.ndarray],
    start: datetime.date,
    before: Chosen,
    k: int,
    date: datetime.date,
) -> Chosen:
    """Search on what was played before the inner holdout's ``start``, starting with the previous parameters."""
    als = before.als

    @functools.lru_cache
    def packs(half_life_days: float) -> PackedPairs:
        recipe = {"half_life_days": half_life_days}
        return from_frame(trained_on(weighted(training, start - datetime.timedelta(days=1), recipe), als))

    packed = packs(0.0)
    if not packed.pairs:
        return dataclasses.replace(before, reason=f"{before.reason}; not tuned: nobody is left to train on")
    highest = highest_rank(packed, als)
    if als.solver == "mllib" or not highest:
        return dataclasses.replace(before, reason=f"{before.reason}; not tuned: the search is for the local solver")
    trials = Trials(packs, relevant, k, als.tune_seconds, als.seed)
    if not len(trials.scored):
        return dataclasses.replace(before, reason=f"{before.reason}; not tuned: nobody trained on can be scored")
    search = Search(trials, als.tune_seconds, trials.typical, highest_rank=highest)
    found = search.run(als)
    reason = f"the best of {len(found.trials)} trials, NDCG@{k} {found.best.ndcg:.4f} on the inner holdout"
    reason += ", ended by [als] tune_seconds" if search.over() else ""
    return Chosen(found.best.als, date.isoformat(), reason, found.trials)


def highest_rank(packed: PackedPairs, als: AlsSettings) -> int:
    """The highest rank at which the local solver stays within ``local_mb``; 0 where none does."""
    rows = len(packed.user_ids) + len(packed.track_ids)
    if als.solver == "local":
        return HIGHEST_RANK
    ranks = (rank for rank in range(HIGHEST_RANK, 0, -1) if megabytes(packed.pairs, rows, rank) <= als.local_mb)
    return next(ranks, 0)


def discovered(plays: DataFrame, start: datetime.date) -> tuple[np.ndarray, np.ndarray]:
    """user_ids and track_ids of the pairs first played from ``start`` on."""
    first = plays.groupBy("user_id", "track_id").agg(F.min("listened_at").alias("first_play"))
    found = first.filter(F.col("first_play") >= midnight(start)).select("user_id", "track_id").toArrow()
    return found["user_id"].to_numpy(), found["track_id"].to_numpy()
