"""What a training leaves: a run in MLflow, or in ``evaluations`` the reason why there was none."""

import dataclasses
import datetime
import time
from collections.abc import Iterator, Sequence

from conf.tables import marker
from jobs.evaluation.holdout import Holdout
from jobs.model.factors import FactorModel
from jobs.model.registry_access import connected, experiment
from jobs.training.tuning.search import Trial
from lake.access import Lake

WEIGHTINGS = ("plays", "log", "once")  # by the number that stands for it in a metric
BATCH = 1000  # metrics that MLflow takes at once

UNREACHABLE = "registry_unreachable"  # metric of a training that was not begun
CANNOT_FIT = "cannot_fit"  # and of one from which no model came


def record_training(
    uri: str,
    date: datetime.date,
    model: FactorModel,
    holdout: Holdout,
    rows: list[dict],
    trials: Sequence[Trial] = (),
) -> None:
    """A run with the challenger's recipe and lineage, its holdout figures, and the trials that chose its parameters.

    Of trial n, ``trial_ndcg`` and its parameters are metrics at the step n, and ``trial_n_ndcg`` is its NDCG by iteration.
    """
    import mlflow
    from mlflow.entities import Metric

    recipe = dict(model.recipe)
    trained = recipe.pop("trained", {})
    measured = {name: value for name, value in trained.items() if isinstance(value, int | float)}
    now = int(time.time() * 1000)
    metrics = [Metric(name, value, now, step) for name, value, step in _of_trials(trials)]
    with (
        connected(uri) as client,
        mlflow.start_run(run_name=f"train {date}", experiment_id=experiment(client, uri)) as run,
    ):
        mlflow.set_tags({"date": str(date), "step": "train"})
        mlflow.log_params({**recipe, "holdout_start": holdout.start, "holdout_users": holdout.users})
        mlflow.log_params({f"trained_{name}": value for name, value in trained.items()})
        mlflow.log_metrics({f"trained_{name}": value for name, value in measured.items()})
        mlflow.log_metrics({f"{row['model']}_{row['metric']}_{row['k']}": row["value"] for row in rows})
        for first in range(0, len(metrics), BATCH):
            client.log_batch(run.info.run_id, metrics[first : first + BATCH])


def _of_trials(trials: Sequence[Trial]) -> Iterator[tuple[str, float, int]]:
    """name, value, step."""
    for number, trial in enumerate(trials, 1):
        parameters = dataclasses.asdict(trial.als)
        for name in ("rank", "reg", "reg_exponent", "alpha", "half_life_days", "iterations"):
            yield f"trial_{name}", float(parameters[name]), number
        yield "trial_weighting", float(WEIGHTINGS.index(trial.als.weighting)), number
        yield "trial_ndcg", trial.ndcg, number
        yield "trial_seconds", trial.seconds, number
        yield from ((f"trial_{number}_ndcg", value, iteration) for iteration, value in trial.curve)


def not_trained(lake: Lake, date: datetime.date, unreachable: str) -> dict[str, object]:
    """Commit that a date's training was not begun, since the registry cannot be used; the day goes on."""
    row = {
        "date": date,
        "kind": "holdout",
        "model": "als",
        "model_version": "",
        "metric": UNREACHABLE,
        "k": 0,
        "value": 1.0,
        "low": None,
        "high": None,
        "users": 0,
    }
    lake.replace_rows([row], "evaluations", marker("evaluations", "TrainModel", date), date=date, kind="holdout")
    return {"reason": unreachable, "rows_out": 0}
