"""Lists held against what users played from a date on, alike for every model."""

import datetime
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from conf.settings import Settings
from jobs.evaluation.measured import Measured
from jobs.evaluation.metrics import Catalogue, cutoffs
from jobs.model.factors import FactorModel
from jobs.model.pairs import interactions, weighted
from jobs.recommendation.candidates import Candidates, popularity
from jobs.recommendation.scoring import histories, recommend
from jobs.runtime.frames import frame


class Evaluator:
    """The same users, candidates and catalogue for all lists; tracks heard before are left out of those made here.

    ``pairs`` is read for every list: persist it.
    """

    def __init__(
        self,
        before: DataFrame,
        tracks: DataFrame,
        people: DataFrame,
        played: pa.Table,
        start: datetime.date,
        settings: Settings,
    ) -> None:
        """
        Args:
            before: user_id, track_id, listened_at, as it was known before ``start``.
            tracks: track_id and genres of what can be listed.
            people: user_id and genres, the users' favourites.
            played: what :func:`jobs.model.pairs.played` gives from ``start`` on, of those who may be scored; who
                played nothing new to them is not.
        """
        self.spark, self.serving = before.sparkSession, settings.recommend
        self.ks = cutoffs(settings.evaluate.k, settings.recommend.k)
        self.day_before = start - datetime.timedelta(days=1)
        self.relevant = played.filter(pc.invert(played["heard"])).select(["user_id", "track_id"])
        self.user_ids = self.relevant["user_id"].unique()
        self.scored = frame(self.spark, pa.table({"user_id": self.user_ids}))
        self.people = self.scored.join(people, "user_id", "left")
        self.plays = before.join(self.scored, "user_id", "semi")
        self.pairs = interactions(self.plays)
        ranked = popularity(before, tracks, self.day_before, self.serving.popular_days).toArrow()
        self.candidates = Candidates.of(ranked, self.serving.min_genre_tracks)
        self.catalogue = Catalogue.of(ranked["track_id"].to_numpy(), ranked["ever"].to_numpy())

    def popular(self) -> DataFrame:
        """Lists of the tracks played most in the last days, the same for all but for what each had heard."""
        return self._lists(self.scored, None, 1)

    def lists(self, model: FactorModel | None, min_plays: int, fold: bool = True) -> DataFrame:
        """Lists of a model, or of its fallback for None, for the users that are scored; ``fold`` as :func:`recommend` has it."""
        if model and not fold:  # users' factors travel only where they are used
            model = model.of_users(self.user_ids.to_numpy())
        return self._lists(self.people, model, min_plays, fold)

    def _lists(self, people: DataFrame, model: FactorModel | None, min_plays: int, fold: bool = True) -> DataFrame:
        pairs = self.weighed(model.recipe if model else {})
        return recommend(
            self.spark,
            histories(people, pairs, pairs),
            model,
            self.candidates,
            self.serving.k,
            min_plays,
            fold=fold,
            at_most=len(self.user_ids),
            explain=False,
        )

    def weighed(self, recipe: Mapping[str, Any]) -> DataFrame:
        """The pairs with the weights that a model's recipe gives them; those of plain plays are at hand."""
        plain = recipe.get("weighting", "plays") == "plays" and not recipe.get("half_life_days")
        return self.pairs if plain else weighted(self.plays, self.day_before, recipe)

    def measure(self, lists: DataFrame) -> Measured:
        """``lists``: user_id, rank, track_id; those of other users are left out."""
        return Measured.of(self.brought(lists), self.relevant, self.catalogue, self.ks)

    def brought(self, lists: DataFrame) -> pa.Table:
        """user_id, rank, track_id, heard (whether the user had heard it before) of the users that are scored.

        They fit here: at twenty tracks a list, a million users are some 500 MB.
        """
        theirs = lists.select("user_id", "rank", "track_id").join(self.scored, "user_id", "semi")
        heard = self.pairs.select("user_id", "track_id", F.lit(True).alias("heard"))
        return theirs.join(heard, ["user_id", "track_id"], "left").fillna(False, ["heard"]).toArrow()
