"""Lists on trial: held against what people played from a date on, alike for every model."""

import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from conf.settings import Settings
from jobs.factors import FactorModel
from jobs.history import interactions
from jobs.measured import Measured
from jobs.metrics import Catalogue, cutoffs
from jobs.popularity import popularity
from jobs.scoring import Shelf, histories, recommend


class Trial:
    """The same users, shelf and catalogue for all lists; tracks heard before are left out of those made here.

    ``pairs`` is read for every list: persist it.
    """

    def __init__(
        self, before: DataFrame, tracks: DataFrame, played: pa.Table, start: datetime.date, settings: Settings
    ) -> None:
        """
        Args:
            before: user_id, track_id, listened_at, as it was known before ``start``.
            tracks: track_id of what can be listed.
            played: what :func:`jobs.history.played` gives from ``start`` on, of those who may be scored; who
                played nothing new to them is not.
        """
        self.spark, self.serving = before.sparkSession, settings.recommend
        self.ks = cutoffs(settings.evaluate.k, settings.recommend.k)
        self.relevant = played.filter(pc.invert(played["heard"])).select(["user_id", "track_id"])
        self.scored = self.spark.createDataFrame(pa.table({"user_id": self.relevant["user_id"].unique()}))
        self.pairs = interactions(before.join(self.scored, "user_id", "semi"))
        day_before = start - datetime.timedelta(days=1)
        ranked = popularity(before, tracks, day_before, self.serving.popular_days).toArrow()
        ids, recent, ever = (ranked[name].to_numpy() for name in ("track_id", "recent", "ever"))
        self.shelf, self.catalogue = Shelf(ids.astype(np.int64), recent.astype(np.float32)), Catalogue.of(ids, ever)

    def lists(self, model: FactorModel | None, min_plays: int) -> DataFrame:
        """Lists of a model, or of popularity for None, for the users on trial."""
        users = histories(self.scored, self.pairs, self.pairs)
        return recommend(self.spark, users, model, self.shelf, self.serving.k, min_plays)

    def measure(self, lists: DataFrame) -> Measured:
        """``lists``: user_id, rank, track_id; those of other users are left out."""
        return Measured.of(self.brought(lists), self.relevant, self.catalogue, self.ks)

    def brought(self, lists: DataFrame) -> pa.Table:
        """user_id, rank, track_id, heard (whether the user had heard it before) of the users on trial.

        They fit here: at twenty tracks a list, a million users are some 500 MB.
        """
        theirs = lists.select("user_id", "rank", "track_id").join(self.scored, "user_id", "semi")
        heard = self.pairs.select("user_id", "track_id", F.lit(True).alias("heard"))
        return theirs.join(heard, ["user_id", "track_id"], "left").fillna(False, ["heard"]).toArrow()
