"""Decide on the challenger; where it wins, fit it on all data, check and register it, and move the alias.

The decision's row is written last: until it stands, the champion of before serves, and the step can be
run again from anywhere.
"""

import dataclasses
import datetime
import json

import numpy as np

from conf.errors import Refused
from conf.layout import challenger_folder, model_folder
from conf.tables import marker
from jobs import registry
from jobs.champion import champion
from jobs.cli import Figures, Job, parser, run
from jobs.factors import FactorModel, top
from jobs.history import plays_as_of, trained_on, weighted
from jobs.lake import Lake
from jobs.rules import Decision
from jobs.rules.promote import decide
from jobs.solvers import fit

STEP = "promote"
SAMPLE = 200  # users whose lists are compared
OVERLAP = 0.1  # share of a list that must be the same


def main(job: Job) -> Figures:
    lake = job.lake()
    current = champion(lake, job.date)
    version = current.version if current else ""
    decided = judge(lake, job, version)
    chosen = promote(lake, job, decided, version) if decided.decision == "promote" else ""
    row = {
        "date": job.date,
        "step": STEP,
        "decision": decided.decision,
        "reason": decided.reason,
        "figures": json.dumps(decided.figures),
        "model_version": chosen,
        "champion_version": version,
    }
    lake.replace_rows([row], "decisions", marker("decisions", "PromoteModel", job.date), date=job.date, step=STEP)
    return {"decision": decided.decision, "reason": decided.reason, "model_version": chosen}


def judge(lake: Lake, job: Job, version: str) -> Decision:
    """The rule, on the holdout's figures of this date."""
    evaluate = job.settings.evaluate
    rows = lake.rows("evaluations", [("date", "=", job.date), ("kind", "=", "holdout")])
    ndcg = {row["model"]: row for row in rows if row["metric"] == "ndcg" and row["k"] == evaluate.k}
    value = {model: row["value"] for model, row in ndcg.items()}
    users = max((row["users"] for row in rows if row["metric"] == "scorable_users"), default=0)
    return decide(
        value.get("als"), value.get("popularity"), value.get("champion"), users, version, job.settings.promote, evaluate
    )


def promote(lake: Lake, job: Job, decided: Decision, previous: str) -> str:
    """Fit on all data up to the date, check, register and put into production; returns the version."""
    uri = job.settings.registry.uri
    challenger = FactorModel.load(challenger_folder(lake.root, job.date))
    spark = job.spark(f"promote {job.date}")
    recipe = registry.recipe(challenger, job.settings.als)
    plays = plays_as_of(job.lake(spark).read("listens"), job.date)
    fitted = fit(trained_on(weighted(plays, job.date, dataclasses.asdict(recipe)), recipe), recipe)
    model = dataclasses.replace(fitted, recipe={**challenger.recipe, **fitted.recipe, "seen": job.date.isoformat()})
    check(model, challenger)
    version = registry.register(uri, job.date, lake.revision, model, decided.figures)
    model.save(model_folder(lake.root, version))
    if not later_move(lake, job.date):
        registry.point(uri, version, previous)
    return version


def check(model: FactorModel, challenger: FactorModel) -> None:
    """That the model is whole and recommends about what the tested one did.

    Raises:
        Refused: it is not, and must not serve.
    """
    if not (np.isfinite(model.track_factors).all() and np.isfinite(model.user_factors).all()):
        raise Refused("the refitted model has factors that are not finite; check [als] reg and alpha")
    for name in ("track_ids", "user_ids"):
        missing = np.setdiff1d(getattr(challenger, name), getattr(model, name))
        if len(missing):
            raise Refused(
                f"the refitted model lacks {len(missing)} {name} that the tested one knows, such as {missing[0]}"
            )
    shared = overlap(model, challenger)
    if shared < OVERLAP:
        raise Refused(
            f"lists of the refitted model share {shared:.0%} with the tested one's, at least {OVERLAP:.0%} is required; "
            "check [als] iterations and reg"
        )


def overlap(model: FactorModel, challenger: FactorModel, k: int = 20) -> float:
    """Mean share of tracks in common between both models' top k, over a sample of users."""
    users = challenger.user_ids[:: max(1, len(challenger.user_ids) // SAMPLE)]

    def lists(of: FactorModel) -> list[set]:
        factors = of.user_factors[np.searchsorted(of.user_ids, users)]
        return [set(of.track_ids[top(row, k)].tolist()) for row in factors @ of.track_factors.T]

    shares = [
        len(ours & theirs) / max(1, len(theirs)) for ours, theirs in zip(lists(model), lists(challenger), strict=True)
    ]
    return float(np.mean(shares))


def later_move(lake: Lake, date: datetime.date) -> bool:
    """Whether a later date has put another model into production already."""
    return any(
        row["decision"] in ("promote", "rollback")
        for row in lake.rows("decisions", [("date", ">", date)], ["decision"])
    )


if __name__ == "__main__":
    run(main, parser(__doc__ or "", "lake", "spark", "als", "evaluate", "promote", "registry"))
