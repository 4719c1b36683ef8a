"""Measure yesterday's lists against what was then played.

Beside them stands popularity for the same users.

Relevant for a user are the tracks first heard on the date. ``als`` are users whose list came from the model,
``served`` all. Of the model's lists, ``als_known`` are of users that it had factors for when it was fitted;
``als_new`` are the lists of users that are newer, from the model by folding in, or popular. ``popularity`` and
``popularity_als``, ``popularity_known``, ``popularity_new`` are the fallback's lists for the same users. With no
lists of the day before, that fact is committed and no figure.
"""

import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import functions as F

from conf.command_line import Parser
from conf.contract import TRACKS, USERS
from conf.settings import Settings
from conf.tables import marker
from jobs.evaluation.evaluator import Evaluator
from jobs.evaluation.measured import Measured, nothing_new_share, play_share
from jobs.model.factors import FactorModel
from jobs.model.pairs import played, plays_as_of
from jobs.model.stored import load
from jobs.recommendation.servable import served_on
from jobs.runtime.command import Figures, Job, parser, run
from jobs.runtime.frames import SparkLake
from jobs.runtime.session import persisted
from lake.access import Lake
from lake.champion import champion_found
from lake.layout import model_folder

KIND = "live"
BESIDE = {"als": "popularity_als", "als_known": "popularity_known", "als_new": "popularity_new"}
OF_A_MODEL = ("served", "als_unfolded", *BESIDE)


def main(job: Job) -> Figures:
    lake = job.lake()
    day_before = job.date - datetime.timedelta(days=1)
    firsts = lake.arrow(
        "recommendations", [("date", "=", day_before), ("rank", "=", 1)], ["user_id", "source", "model_version"]
    )
    if not firsts.num_rows:
        commit(lake, job.date, [], [])
        return {"rows_in": 0, "rows_out": 0, "lists_of": str(day_before), "users": 0}

    lake = job.frames(job.spark(f"evaluate {job.date}"))
    day = played(plays_as_of(lake.read("listens"), job.date), job.date, job.date).toArrow()
    version = max(firsts["model_version"].to_pylist())
    model = load(model_folder(lake.root, version), version, job.settings.registry.uri) if version else None
    listed = day.filter(pc.is_in(day["user_id"], firsts["user_id"]))
    groups = measured(lake, listed, day_before, model, job.settings)
    groups |= grouped(groups["served"], groups["popularity"], firsts, model)
    if model:
        groups["als_unfolded"] = groups["als_unfolded"].only(groups["als_known"].users.index.to_numpy())
    rows = [
        {"model": model, "model_version": version if model in OF_A_MODEL else "", **row}
        for model, group in groups.items()
        for row in group.figures()
    ]
    rows += shares(lake, day, job.date, job.settings.registry.uri)
    users = user_rows(groups["als"].users, groups["popularity_als"].users, job.settings.evaluate.k)
    commit(lake, job.date, rows, [{"model_version": version, **row} for row in users])
    return {"rows_out": len(rows), "lists_of": str(day_before), "users": len(groups["served"].users)}


def measured(
    lake: SparkLake, day: pa.Table, day_before: datetime.date, model: FactorModel | None, settings: Settings
) -> dict[str, Measured]:
    """By ``served``, ``popularity``, ``fallback``, and with a model ``als_unfolded``: lists for all that can be scored.

    All are made or judged by what was known at the end of the day before.

    Args:
        day: what those with a list then played, as :func:`~jobs.model.pairs.played` gives it.
    """
    plays = plays_as_of(lake.read("listens"), day_before)
    tracks, people = (served_on(lake, entity, day_before) for entity in (TRACKS, USERS))
    evaluator = Evaluator(plays, tracks, people, day, day_before + datetime.timedelta(days=1), settings)
    lists = {
        "served": lake.read("recommendations").filter(F.col("date") == F.lit(day_before)),
        "popularity": evaluator.popular(),
        "fallback": evaluator.lists(None, settings.recommend.min_plays),
    }
    if model:
        lists["als_unfolded"] = evaluator.lists(model, settings.recommend.min_plays, fold=False)
    with persisted(evaluator.pairs):
        return {name: evaluator.measure(frame) for name, frame in lists.items()}


def grouped(served: Measured, popular: Measured, firsts: pa.Table, model: FactorModel | None) -> dict[str, Measured]:
    """The groups of users that are reported apart, each beside popularity for the same users.

    Args:
        firsts: user_id and source of the first track of every list.
        model: the one that served; None where all lists are popular.
    """
    by_model = firsts.filter(pc.equal(firsts["source"], "als"))["user_id"].to_numpy()
    of_users = {"als": by_model}
    if model:
        of_users["als_known"] = np.intersect1d(by_model, model.user_ids)
        of_users["als_new"] = np.setdiff1d(firsts["user_id"].to_numpy(), model.user_ids)
    groups: dict[str, Measured] = {}
    for name, users in of_users.items():
        groups |= {name: served.only(users), BESIDE[name]: popular.only(users)}
    return groups


def shares(lake: Lake, day: pa.Table, date: datetime.date, uri: str) -> list[dict]:
    """Shares over all that was played on the date: what figures of new tracks cannot see, and what the champion cannot.

    ``unknown_play_share``: plays of tracks that the champion has no factor for; ``repeat_play_share``: plays of
    tracks heard before; ``nothing_new_share``: listeners who heard nothing new.
    """
    rows = nothing_new_share(day) + play_share("repeat_play_share", day, day["heard"].to_numpy())
    rows = [{"model": "served", "model_version": "", **row} for row in rows]
    if current := champion_found(lake, date):
        unknown = load(current.folder, current.version, uri).positions(day["track_id"].to_numpy()) < 0
        of_champion = play_share("unknown_play_share", day, unknown)
        rows += [{"model": "als", "model_version": current.version, **row} for row in of_champion]
    return rows


def user_rows(als: pd.DataFrame, popular: pd.DataFrame, k: int) -> list[dict]:
    """user_id, als, popularity of ``evaluation_users``: of users that both have lists for."""
    if als.empty:
        return []
    both = als[[f"ndcg_{k}"]].join(popular[[f"ndcg_{k}"]], how="inner", lsuffix="_als", rsuffix="_popular")
    return [{"user_id": user, "als": mine, "popularity": theirs} for user, mine, theirs in both.itertuples()]


def commit(lake: Lake, date: datetime.date, rows: list[dict], users: list[dict]) -> None:
    if lake.revision > 1:
        lake.delete("evaluations", ("date", "=", date), ("kind", "=", "holdout"))
    users = [{"date": date, **row} for row in users]
    rows = [{"date": date, "kind": KIND, **row} for row in rows]
    lake.replace_rows(users, "evaluation_users", marker("evaluation_users", "EvaluateModel", date), date=date)
    lake.replace_rows(rows, "evaluations", marker("evaluations", "EvaluateModel", date), date=date, kind=KIND)


def arguments() -> Parser:
    return parser(__doc__, "api", "lake", "spark", "evaluate", "recommend", "registry", date="required", step=True)


if __name__ == "__main__":
    run(main, arguments())
