"""The holdout by time: how many of the last days to hold out, and how a model does on them."""

import dataclasses
import datetime

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from conf.settings import Als, Evaluate, Settings
from jobs.factors import FactorModel
from jobs.history import discoveries, interactions, midnight, trained_on, weighted
from jobs.metrics import cutoffs, per_user
from jobs.popularity import popular_tracks, popularity
from jobs.scoring import Shelf, histories, recommend


@dataclasses.dataclass(frozen=True)
class Holdout:
    """The days from ``start`` to the end of ``end``, and how many users can be scored on them."""

    start: datetime.date
    end: datetime.date
    users: int


def choose(plays: DataFrame, end: datetime.date, evaluate: Evaluate) -> Holdout:
    """Go back from ``end`` until ``min_users`` users can be scored, ``holdout_days`` days at most.

    A user can be scored who played something before the start, and from then on a track that was new to them.
    """
    starts = [end - datetime.timedelta(days=days) for days in range(evaluate.holdout_days)]
    first = plays.groupBy("user_id", "track_id").agg(F.min("listened_at").alias("first_play"))
    since = plays.groupBy("user_id").agg(F.min("listened_at").alias("since"))
    scored = [
        F.count_distinct(
            F.when((F.col("first_play") >= midnight(start)) & (F.col("since") < midnight(start)), F.col("user_id"))
        )
        for start in starts
    ]
    counts = list(first.join(since, "user_id").agg(*scored).collect()[0])
    enough = next((at for at, users in enumerate(counts) if users >= evaluate.min_users), len(starts) - 1)
    return Holdout(starts[enough], end, int(counts[enough]))


class Bench:
    """A holdout on which models are measured alike: same users, same shelf, heard tracks left out."""

    def __init__(self, plays: DataFrame, tracks: DataFrame, holdout: Holdout, settings: Settings) -> None:
        """``tracks``: track_id of what can be served at the end of the holdout."""
        self.spark, self.holdout = plays.sparkSession, holdout
        self.serving, self.ks = settings.recommend, cutoffs(settings.evaluate.k, settings.recommend.k)
        self.before = before = plays.filter(F.col("listened_at") < midnight(holdout.start))
        self.training = interactions(before)
        users = self.training.select("user_id").distinct()
        self.relevant = discoveries(plays, holdout.start, holdout.end).join(users, "user_id", "semi")
        self.scored = self.relevant.select("user_id").distinct()
        self.users = histories(self.scored, self.training, self.training)
        day_before = holdout.start - datetime.timedelta(days=1)
        self.shelf = Shelf(*popular_tracks(popularity(before, tracks, day_before, self.serving.popular_days)))

    def pairs(self, als: Als) -> DataFrame:
        """What a model with these parameters is fitted on: user_id, track_id, weight."""
        day_before = self.holdout.start - datetime.timedelta(days=1)
        return trained_on(weighted(self.before, day_before, dataclasses.asdict(als)), als)

    def histories(self, model: FactorModel | None) -> DataFrame:
        """The scored users with their pairs weighed as the model weighs them."""
        recipe = model.recipe if model else {}
        if recipe.get("weighting", "plays") == "plays" and not recipe.get("half_life_days"):
            return self.users
        pairs = weighted(self.before, self.holdout.start - datetime.timedelta(days=1), recipe)
        return histories(self.scored, pairs, pairs)

    def measure(self, model: FactorModel | None) -> pd.DataFrame:
        """Metrics by user_id, in its order, of a model; of popularity for None."""
        lists = recommend(self.spark, self.histories(model), model, self.shelf, self.serving.k, 1, explain=False)
        return (
            per_user(lists, self.relevant, self.ks)
            .toArrow()
            .to_pandas()
            .set_index("user_id")
            .sort_index()
            .astype(np.float64)
        )
