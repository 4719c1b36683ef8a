"""Measure the lists of the day before against what people then listened to (live), beside popularity.

Relevant for a user are the tracks first heard on the date. ``als`` are users whose list came from the
model, ``served`` all; ``popularity`` is the fallback's list for the users of ``served``, ``popularity_als``
for those of ``als``. With no lists of the day before, that fact is committed and no figure.
"""

import datetime

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from conf.contract import TRACKS, USERS
from conf.settings import Settings
from conf.tables import marker
from jobs.catalogue import genres_on
from jobs.champion import champion
from jobs.cli import Figures, Job, parser, run
from jobs.history import discoveries, interactions, plays_as_of
from jobs.lake import Lake
from jobs.metrics import cutoffs, per_user, summarise
from jobs.popularity import popular_tracks, popularity
from jobs.scoring import Shelf, histories, recommend
from jobs.session import persisted

KIND = "live"


def main(job: Job) -> Figures:
    lake = job.lake()
    day_before = job.date - datetime.timedelta(days=1)
    listed = lake.arrow("recommendations", [("date", "=", day_before)], ["user_id", "source"])
    if not listed.num_rows:
        commit(lake, job.date, [], [])
        return {"rows_in": 0, "rows_out": 0, "lists_of": str(day_before), "users": 0}

    lake = job.lake(job.spark(f"evaluate {job.date}"))
    lists = lake.read("recommendations").filter(F.col("date") == F.lit(day_before))
    plays = plays_as_of(lake.read("listens"), job.date)
    relevant = discoveries(plays, job.date, job.date)
    with persisted(plays, relevant):
        return measure(lake, lists, plays, relevant, job)


def measure(lake: Lake, lists: DataFrame, plays: DataFrame, relevant: DataFrame, job: Job) -> Figures:
    """Measure each group of users and commit the figures."""
    day_before = job.date - datetime.timedelta(days=1)
    popular = popular_lists(lake, lists, relevant, day_before, job.settings)
    ks = cutoffs(job.settings.evaluate.k, job.settings.recommend.k)
    served = measured(lists, relevant, ks)
    by_popularity = measured(popular, relevant, ks)
    by_model = set(
        lists.filter("source = 'als'")
        .join(relevant, "user_id", "semi")
        .select("user_id")
        .distinct()
        .toArrow()
        .to_pandas()["user_id"]
    )
    version = lists.agg(F.max("model_version")).collect()[0][0]
    groups = {
        "als": served[served.index.isin(by_model)],
        "served": served,
        "popularity": by_popularity,
        "popularity_als": by_popularity[by_popularity.index.isin(by_model)],
    }
    rows = [row for model, values in groups.items() for row in figures(job.date, model, values, version)]
    rows += play_shares(lake, plays, relevant, job.date)
    users = user_rows(job.date, groups["als"], groups["popularity_als"], version, job.settings.evaluate.k)
    commit(lake, job.date, rows, users)
    return {"rows_out": len(rows), "lists_of": str(day_before), "users": len(served)}


def popular_lists(
    lake: Lake, lists: DataFrame, relevant: DataFrame, day_before: datetime.date, settings: Settings
) -> DataFrame:
    """What popularity would have served on the day before to the users that are measured."""
    timezone, serving = settings.api.timezone, settings.recommend
    scored = lists.join(relevant, "user_id", "semi").select("user_id").distinct()
    users = scored.join(genres_on(lake, USERS, day_before, timezone), "user_id", "left")
    heard = plays_as_of(lake.read("listens"), day_before)
    tracks = genres_on(lake, TRACKS, day_before, timezone)
    ranked = popularity(heard, tracks, day_before, serving.popular_days)
    shelf = Shelf(*popular_tracks(ranked, serving.min_genre_tracks))
    pairs = interactions(heard)
    return recommend(lake.spark, histories(users, pairs, pairs), None, shelf, serving.k, serving.min_plays)


def measured(lists: DataFrame, relevant: DataFrame, ks: list[int]) -> pd.DataFrame:
    """Metrics by user_id, in its order: what is resampled does not depend on how Spark returned it."""
    return per_user(lists, relevant, ks).toArrow().to_pandas().set_index("user_id").sort_index()


def figures(date: datetime.date, model: str, values: pd.DataFrame, version: str) -> list[dict]:
    """Rows of ``evaluations`` for one model."""
    shown = version if model in ("als", "served") else ""
    return [
        {"date": date, "kind": KIND, "model": model, "model_version": shown, **row}
        for row in summarise(values.to_numpy(dtype=np.float64), list(values.columns))
    ]


def play_shares(lake: Lake, plays: DataFrame, relevant: DataFrame, date: datetime.date) -> list[dict]:
    """Shares over the day's plays and listeners: plays of tracks the champion does not know, listeners with nothing new."""
    day = plays.filter(F.to_date("listened_at") == F.lit(date))
    current = champion(lake, date)
    rows = []
    if current:
        counts = day.groupBy("track_id").count().toArrow().to_pandas()
        unknown = counts["count"][current.load().positions(counts["track_id"].to_numpy()) < 0].sum()
        total = int(counts["count"].sum())
        if total:
            rows.append(share(date, "als", current.version, "unknown_play_share", unknown / total, total))
    listeners = day.select("user_id").distinct().count()
    if listeners:
        nothing_new = 1 - relevant.select("user_id").distinct().count() / listeners
        rows.append(share(date, "served", "", "nothing_new_share", nothing_new, listeners))
    return rows


def share(date: datetime.date, model: str, version: str, metric: str, value: float, counted: int) -> dict:
    """A share over everything counted: no sample, so no interval."""
    return {
        "date": date,
        "kind": KIND,
        "model": model,
        "model_version": version,
        "metric": metric,
        "k": 0,
        "value": float(value),
        "low": None,
        "high": None,
        "users": counted,
    }


def user_rows(date: datetime.date, als: pd.DataFrame, popular: pd.DataFrame, version: str, k: int) -> list[dict]:
    """Rows of ``evaluation_users``."""
    if als.empty:
        return []
    both = als[[f"ndcg_{k}"]].join(popular[[f"ndcg_{k}"]], lsuffix="_als", rsuffix="_popular")
    return [
        {"date": date, "user_id": user, "model_version": version, "als": mine, "popularity": theirs}
        for user, mine, theirs in both.itertuples()
    ]


def commit(lake: Lake, date: datetime.date, rows: list[dict], users: list[dict]) -> None:
    if lake.revision > 1:
        lake.delete("evaluations", ("date", "=", date), ("kind", "=", "holdout"))
    lake.replace_rows(users, "evaluation_users", marker("evaluation_users", "EvaluateModel", date), date=date)
    lake.replace_rows(rows, "evaluations", marker("evaluations", "EvaluateModel", date), date=date, kind=KIND)


if __name__ == "__main__":
    run(main, parser(__doc__ or "", "api", "lake", "spark", "evaluate", "recommend"))
