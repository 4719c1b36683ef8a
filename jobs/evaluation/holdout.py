"""The holdout by time: how many of the last days to hold out, and how a model does on them."""

import dataclasses
import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from conf.settings import AlsSettings, EvaluateSettings, Settings
from jobs.evaluation.evaluator import Evaluator
from jobs.evaluation.measured import Measured, play_share
from jobs.model.factors import FactorModel
from jobs.model.pairs import midnight, played, trained_on, weighted


@dataclasses.dataclass(frozen=True)
class Holdout:
    """The days from ``start`` to the end of ``end``, and how many users can be scored on them."""

    start: datetime.date
    end: datetime.date
    users: int


def choose(plays: DataFrame, end: datetime.date, evaluate: EvaluateSettings) -> Holdout:
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


class HoldoutEvaluator:
    """A holdout on which models are measured alike. Persist ``evaluator.pairs``: each model reads them."""

    def __init__(
        self, plays: DataFrame, tracks: DataFrame, people: DataFrame, holdout: Holdout, settings: Settings
    ) -> None:
        """
        Args:
            plays: user_id, track_id, listened_at, up to the end of the holdout.
            tracks: track_id and genres of what can be served at the end of the holdout.
            people: user_id and genres, the users' favourites.
        """
        self.holdout = holdout
        self.before = plays.filter(F.col("listened_at") < midnight(holdout.start))
        known = self.before.select("user_id").distinct()
        self.played = played(plays, holdout.start, holdout.end).join(known, "user_id", "semi").toArrow()
        self.evaluator = Evaluator(self.before, tracks, people, self.played, holdout.start, settings)

    def pairs(self, als: AlsSettings) -> DataFrame:
        """What a model with these parameters is fitted on: user_id, track_id, weight."""
        day_before = self.holdout.start - datetime.timedelta(days=1)
        return trained_on(weighted(self.before, day_before, dataclasses.asdict(als)), als)

    def measure(self, model: FactorModel | None) -> Measured:
        """The lists of a model for the users that can be scored; of its fallback for None."""
        return self.evaluator.measure(self.evaluator.lists(model, 1))

    def popularity(self) -> Measured:
        return self.evaluator.measure(self.evaluator.popular())

    def repeats(self) -> list[dict]:
        """The share of the holdout's plays that are of tracks heard before it, by users known before it."""
        return play_share("repeat_play_share", self.played, self.played["heard"].to_numpy())
