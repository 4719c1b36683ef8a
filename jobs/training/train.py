"""Fit a challenger and measure it on the holdout.

It is fitted on what came before the holdout, and measured there beside popularity and the champion.

Its parameters are chosen before that, where ``[als] tune`` says so, on an inner holdout of its training part.

The challenger is kept beside the tables for the step that decides on it; its figures are rows of
``evaluations`` of the kind ``holdout`` (``als`` is the challenger). With too few users to score or nothing
to train on, that fact is committed and no figure.
"""

import dataclasses
import datetime
import logging

from pyspark.sql import DataFrame

from conf.command_line import Parser
from conf.contract import TRACKS, USERS
from conf.errors import CannotFit
from conf.settings import AlsSettings, Settings
from conf.tables import marker
from jobs.evaluation.holdout import Holdout, HoldoutEvaluator, choose
from jobs.model import recipe as recipes
from jobs.model import registry_access, stored
from jobs.model.factors import FactorModel
from jobs.model.pairs import plays_as_of
from jobs.model.solvers import fit
from jobs.recommendation.servable import served_on
from jobs.runtime.command import Figures, Job, parser, run
from jobs.runtime.frames import SparkLake
from jobs.runtime.progress import part, progress
from jobs.runtime.session import persisted
from jobs.training import recording
from jobs.training.tuning.parameters import parameters
from lake.champion import champion_found
from lake.layout import challenger_folder

log = logging.getLogger("jobs.training.train")

KIND = "holdout"


def main(job: Job) -> Figures:
    settings = job.settings
    failing = registry_access.usable(settings.registry.uri)
    if failing:
        log.warning("nothing was trained: %s", failing)
        return recording.not_trained(job.lake(), job.date, failing)
    lake = job.frames(job.spark(f"train {job.date}"))
    plays = plays_as_of(lake.read("listens"), job.date)
    with persisted(plays):
        progress(0.02, "choosing the holdout")
        holdout = choose(plays, job.date, settings.evaluate)
        rows = [scorable(holdout, job.date)]
        if holdout.users >= settings.evaluate.min_users:
            rows += tested(lake, plays, holdout, job.date, settings)
    lake.replace_rows(rows, "evaluations", marker("evaluations", "TrainModel", job.date), date=job.date, kind=KIND)
    return {"holdout": str(holdout.start), "users": holdout.users, "rows_out": len(rows)}


def tested(lake: SparkLake, plays: DataFrame, holdout: Holdout, date: datetime.date, settings: Settings) -> list[dict]:
    """As :func:`test`; where no model can be fitted, that fact: the day goes on without one."""
    try:
        return test(lake, plays, holdout, date, settings)
    except CannotFit as refusal:
        log.warning("nothing was trained: %s", refusal)
        return [count(date, recording.CANNOT_FIT, 1, 0)]


def test(lake: SparkLake, plays: DataFrame, holdout: Holdout, date: datetime.date, settings: Settings) -> list[dict]:
    """Rows of ``evaluations``; the challenger is saved and its run recorded."""
    tracks, people = (served_on(lake, entity, date) for entity in (TRACKS, USERS))
    offline = HoldoutEvaluator(plays, tracks, people, holdout, settings)
    current = champion_found(lake, date)
    served = stored.load(current.folder, current.version, settings.registry.uri) if current else None
    recipe = served.recipe if served else {}
    with part(0.1, 0.6):
        progress(0, "choosing parameters")
        chosen = parameters(plays, holdout.start, recipe, settings.als, settings.evaluate, date)
    log.info("parameters: %s", chosen.reason)
    with persisted(offline.evaluator.pairs):
        with part(0.6, 0.85):
            progress(0, f"fitting {chosen.als.iterations} iterations at rank {chosen.als.rank}")
            fitted = fit(offline.pairs(chosen.als), chosen.als)
        challenger = dataclasses.replace(fitted, recipe={**fitted.recipe, **chosen.recipe()})
        challenger.save(challenger_folder(lake.root, date))
        progress(0.85, f"measuring on the holdout of {holdout.users:,} users")
        measured = {"als": offline.measure(challenger), "popularity": offline.popularity()}
        measured["fallback"] = offline.measure(None)
        if served:
            with part(0.9, 0.95):
                measured["champion"] = offline.measure(unspoilt(served, offline, settings.als))
    versions = {"champion": current.version} if current else {}
    rows = [
        {"date": date, "kind": KIND, "model": model, "model_version": versions.get(model, ""), **row}
        for model, values in measured.items()
        for row in values.figures()
    ]
    rows += [{"date": date, "kind": KIND, "model": "als", "model_version": "", **row} for row in offline.repeats()]
    progress(0.95, "recording the training")
    try:
        recording.record_training(settings.registry.uri, date, challenger, holdout, rows, chosen.trials)
    except registry_access.RegistryFailed as failure:  # the figures stand in evaluations all the same
        log.warning("the training has no run in MLflow: %s", failure.message)
    return rows


def scorable(holdout: Holdout, date: datetime.date) -> dict:
    """How many users the holdout can score."""
    return count(date, "scorable_users", holdout.users, holdout.users)


def count(date: datetime.date, metric: str, value: int, users: int) -> dict:
    """A row of ``evaluations`` that counts: it has no interval."""
    counted = {"metric": metric, "k": 0, "value": float(value), "users": users}
    return {"date": date, "kind": KIND, "model": "als", "model_version": "", **counted}


def unspoilt(model: FactorModel, offline: HoldoutEvaluator, als: AlsSettings) -> FactorModel:
    """The champion as it is where it has not seen the holdout, else its recipe fitted on the same training part."""
    if datetime.date.fromisoformat(model.recipe["seen"]) < offline.holdout.start:
        return model
    recipe = recipes.als_of(model, als)
    return fit(offline.pairs(recipe), recipe)


def arguments() -> Parser:
    return parser(
        __doc__, "api", "lake", "spark", "als", "evaluate", "recommend", "registry", date="required", step=True
    )


if __name__ == "__main__":
    run(main, arguments())
