"""Decide on the challenger, and promote it where it wins.

The winner is fitted on all data, checked and registered, and the aliases are moved.

The decision's row is written last, and is what the pipeline obeys: until it stands, the champion of before serves.
Killed anywhere, the same command goes on: it takes up the version that is registered, and lets the aliases name
what the table does, whatever it decides.
"""

import dataclasses
import datetime
import json
from typing import Any

import numpy as np

from conf.command_line import Parser
from conf.decisions import REGISTRY_FAILED
from conf.errors import Refused
from conf.tables import marker
from jobs.model import recipe as recipes
from jobs.model import registry_access, stored
from jobs.model.factors import FactorModel, top
from jobs.model.pairs import plays_as_of, trained_on, weighted
from jobs.model.registry_access import BROKEN, RegistryFailed, without_credentials
from jobs.model.solvers import fit
from jobs.recommendation import similar
from jobs.registry import versions
from jobs.registry.aliases import follow, followed
from jobs.registry.live_figures import record_live
from jobs.registry.pruning import prune
from jobs.runtime.command import Figures, Job, parser, run
from jobs.training import recording
from jobs.training.decision import Decision
from jobs.training.promotion_rules import decide, withheld
from lake.access import Lake
from lake.champion import champion_found, moves
from lake.layout import challenger_folder, model_folder

STEP = "promote"
SAMPLE = 200  # users whose lists are compared
OVERLAP = 0.1  # share of a list that must be the same


def main(job: Job) -> Figures:
    lake, uri = job.lake(), job.settings.registry.uri
    current = champion_found(lake, job.date)
    version = current.version if current else ""
    failing = registry_access.usable(uri)
    decided = judge(lake, job, version, failing)
    if job.args.no_promote and decided.decision == "promote":
        decided = withheld(decided)
    decided, chosen = promoted(lake, job, decided, version, failing)
    row = {
        "date": job.date,
        "step": STEP,
        "decision": decided.decision,
        "reason": decided.reason,
        "model_version": chosen,
        "champion_version": version,
    }
    failing = failing or decided.figures.get(REGISTRY_FAILED, "") or followed(uri, lake, row)
    row["figures"] = json.dumps({**decided.figures, **({REGISTRY_FAILED: failing} if failing else {})})
    lake.replace_rows([row], "decisions", marker("decisions", "PromoteModel", job.date), date=job.date, step=STEP)
    figures: Figures = {"decision": decided.decision, "reason": decided.reason, "model_version": chosen}
    return {**figures, **tidy(lake, job)} if chosen else figures


def promoted(lake: Lake, job: Job, decided: Decision, current: str, failing: str) -> tuple[Decision, str]:
    """The decision and the version that takes the champion's place, where one does.

    A challenger that cannot be registered is not promoted; the next day may train again.
    """
    if decided.decision != "promote":
        return decided, ""
    if not failing:
        try:
            return decided, promote(lake, job, decided, current)
        except RegistryFailed as failure:
            failing = failure.message
    reason = f"{failing}; the challenger was not promoted"
    return Decision("none", reason, {**decided.figures, REGISTRY_FAILED: failing}), ""


def judge(lake: Lake, job: Job, version: str, failing: str) -> Decision:
    """The rule, on the holdout's figures of this date; ``failing`` is why the registry cannot be used now."""
    evaluate = job.settings.evaluate
    rows = holdout(lake, job.date)
    if any(row["metric"] == recording.UNREACHABLE for row in rows):
        shown = without_credentials(job.settings.registry.uri)
        why = failing or f"the registry at {shown} could not be used before the training; see TrainModel's log"
        return Decision("none", f"{why}; nothing was trained", {REGISTRY_FAILED: why})
    if any(row["metric"] == recording.CANNOT_FIT for row in rows):
        return Decision(
            "none", "not enough history: no model comes of it with [als] as set; TrainModel's log says why", {}
        )
    ndcg = {row["model"]: row for row in rows if row["metric"] == "ndcg" and row["k"] == evaluate.k}
    value = {model: row["value"] for model, row in ndcg.items()}
    users = max((row["users"] for row in rows if row["metric"] == "scorable_users"), default=0)
    return decide(
        value.get("als"), value.get("popularity"), value.get("champion"), users, version, job.settings.promote, evaluate
    )


def holdout(lake: Lake, date: datetime.date) -> list[dict[str, Any]]:
    return lake.rows("evaluations", [("date", "=", date), ("kind", "=", "holdout")])


def promote(lake: Lake, job: Job, decided: Decision, previous: str) -> str:
    """Fit on all data up to the date, check and register, with a copy in the lake; returns the version.

    What a killed run of this promotion registered is taken up, and not fitted again.
    """
    uri = job.settings.registry.uri
    challenger = tested(lake, job.date)
    tags = {
        "date": str(job.date),
        "revision": str(lake.revision),
        "training_run": versions.training_run(uri, job.date),
        "champion_before": previous,
        "holdout_ndcg": str(decided.figures["challenger"]),
        "holdout_popularity": str(decided.figures["popularity"]),
    }
    taken = taken_numbers(lake, job.date)
    version = versions.left(uri, tags, taken)
    model = whole(uri, version) if version else None
    if model:
        check(model, challenger)
    else:
        model = refit(job, challenger)
        check(model, challenger)
        version = versions.register(
            uri, model, {**tags, **versions.lineage(model.recipe)}, metrics(holdout(lake, job.date)), taken
        )
    keep_copy(lake, version, model)
    similar.write(lake, job.date, version, model, job.settings.recommend.similar_k)
    return version


def tested(lake: Lake, date: datetime.date) -> FactorModel:
    """The challenger as the training kept it.

    Raises:
        Refused: it is not whole any more.
    """
    folder = challenger_folder(lake.root, date)
    try:
        return FactorModel.load(folder)
    except BROKEN as error:
        raise Refused(
            f"{folder}: the model that was tested is not whole ({error}); restore the folder from a backup, or make the "
            "date again with a higher --revision"
        ) from error


def whole(uri: str, version: str) -> FactorModel | None:
    """The registered model; None where its files are gone."""
    try:
        return stored.fetch(uri, version)
    except stored.NotWhole:
        return None


def refit(job: Job, challenger: FactorModel) -> FactorModel:
    """The challenger's recipe, fitted on all plays as of the date."""
    lake = job.frames(job.spark(f"promote {job.date}"))
    recipe = recipes.als_of(challenger, job.settings.als)
    plays = plays_as_of(lake.read("listens"), job.date)
    fitted = fit(trained_on(weighted(plays, job.date, dataclasses.asdict(recipe)), recipe), recipe)
    return dataclasses.replace(fitted, recipe={**challenger.recipe, **fitted.recipe, "seen": job.date.isoformat()})


def metrics(rows: list[dict[str, Any]]) -> dict[str, float]:
    return {f"{row['model']}_{row['metric']}_{row['k']}": row["value"] for row in rows}


def taken_numbers(lake: Lake, date: datetime.date) -> int:
    """The highest version that a decision names, but for this promotion's own of an earlier run."""
    made = [move for move in moves(lake.rows("decisions")) if (move["date"], move["step"]) != (date, STEP)]
    return max((int(move["model_version"]) for move in made), default=0)


def keep_copy(lake: Lake, version: str, model: FactorModel) -> None:
    """The lake's copy of a version, where it is not there as it should be."""
    folder = model_folder(lake.root, version)
    try:
        same = FactorModel.load(folder).equals(model)
    except BROKEN:
        same = False
    if not same:
        model.save(folder)


def tidy(lake: Lake, job: Job) -> Figures:
    """What can wait for the next promotion where it fails: the model is in production."""
    settings, uri = job.settings, job.settings.registry.uri
    try:
        follow(uri, lake)  # another run of the date may have written the row that holds
        pruned = prune(uri, lake, job.date, settings.registry.keep_versions, settings.lake.keep_raw_days)
        live = record_live(uri, lake.rows("evaluations", [("kind", "=", "live")]))
    except (Refused, OSError) as error:
        return {"not_tidied": str(error)}
    return {"live_figures": live, "pruned": ", ".join(pruned)}


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
            raise Refused(f"the refitted model lacks {len(missing)} {name} that the tested one knows")
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


def arguments() -> Parser:
    result = parser(
        __doc__, "lake", "spark", "als", "evaluate", "promote", "recommend", "registry", date="required", step=True
    )
    result.add_argument("--no-promote", action="store_true", help="leave the champion in production")
    return result


if __name__ == "__main__":
    run(main, arguments())
