"""The MLflow registry: one model, ``recommender``, with the aliases ``champion`` and ``previous``.

MLflow is imported where it is used: it takes seconds, and only days that train need it.
"""

import contextlib
import dataclasses
import datetime
import logging
import pathlib
import tempfile
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from conf.errors import Refused
from conf.settings import Als
from jobs.factors import FactorModel

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.models import ModelSignature

    from jobs.holdout import Holdout
    from jobs.tuning.search import Trial

NAME = "recommender"
PYFUNC = pathlib.Path(__file__).with_name("pyfunc.py")
WEIGHTINGS = ("plays", "log", "once")  # by the number that stands for it in a metric
BATCH = 1000  # metrics that MLflow takes at once
# Settings of the process that fits, not of the model.
NOT_OF_THE_MODEL = {"solver", "local_mb", "tune", "tune_seconds"}
REQUIREMENTS = ["mlflow", "numpy", "pandas"]


@contextlib.contextmanager
def connected(uri: str) -> Iterator["MlflowClient"]:
    """MLflow, on ``uri`` for tracking and registry.

    Raises:
        Refused: it cannot be reached or read.
    """
    import mlflow

    logging.getLogger("mlflow").setLevel(logging.ERROR)
    logging.getLogger("alembic").setLevel(logging.ERROR)
    if uri.startswith("sqlite:///"):
        pathlib.Path(uri.removeprefix("sqlite:///")).absolute().parent.mkdir(parents=True, exist_ok=True)
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    try:
        if mlflow.get_experiment_by_name(NAME) is None:
            mlflow.create_experiment(NAME, artifact_location=artifacts(uri))
        mlflow.set_experiment(NAME)
        yield mlflow.MlflowClient()
    except mlflow.exceptions.MlflowException as error:
        raise Refused(
            f"the registry at {uri} does not do what was asked: {error.message}; check [registry] uri"
        ) from error


def artifacts(uri: str) -> str | None:
    """Where a registry in an SQLite file keeps its artifacts: beside that file. A server knows for itself."""
    if not uri.startswith("sqlite:///"):
        return None
    return (pathlib.Path(uri.removeprefix("sqlite:///")).absolute().parent / "mlartifacts").as_uri()


def record_training(
    uri: str,
    date: datetime.date,
    model: FactorModel,
    holdout: "Holdout",
    rows: list[dict],
    trials: "Sequence[Trial]" = (),
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
    with connected(uri) as client, mlflow.start_run(run_name=f"train {date}") as run:
        mlflow.set_tags({"date": str(date), "step": "train"})
        mlflow.log_params({**recipe, "holdout_start": holdout.start, "holdout_users": holdout.users})
        mlflow.log_params({f"trained_{name}": value for name, value in trained.items()})
        mlflow.log_metrics({f"trained_{name}": value for name, value in measured.items()})
        mlflow.log_metrics({f"{row['model']}_{row['metric']}_{row['k']}": row["value"] for row in rows})
        for first in range(0, len(metrics), BATCH):
            client.log_batch(run.info.run_id, metrics[first : first + BATCH])


def _of_trials(trials: "Sequence[Trial]") -> Iterator[tuple[str, float, int]]:
    """name, value, step."""
    for number, trial in enumerate(trials, 1):
        parameters = dataclasses.asdict(trial.als)
        for name in ("rank", "reg", "reg_exponent", "alpha", "half_life_days", "iterations"):
            yield f"trial_{name}", float(parameters[name]), number
        yield "trial_weighting", float(WEIGHTINGS.index(trial.als.weighting)), number
        yield "trial_ndcg", trial.ndcg, number
        yield "trial_seconds", trial.seconds, number
        yield from ((f"trial_{number}_ndcg", value, iteration) for iteration, value in trial.curve)


def register(uri: str, date: datetime.date, revision: int, model: FactorModel, figures: dict[str, Any]) -> str:
    """Register a model as a new version and return that; a version that a killed run of the date left is taken up."""
    import mlflow

    with connected(uri) as client:
        tags = {"date": str(date), "revision": str(revision)}
        of_this_run = " and ".join(f"tags.{name}='{value}'" for name, value in tags.items())
        left = client.search_model_versions(f"name='{NAME}' and {of_this_run}") if _exists(client) else []
        if left:
            return str(max(int(version.version) for version in left))
        with tempfile.TemporaryDirectory() as folder, mlflow.start_run(run_name=f"promote {date}"):
            saved = pathlib.Path(folder) / "model"
            model.save(saved)
            mlflow.set_tags({**tags, "step": "promote"})
            mlflow.log_params(model.recipe)
            mlflow.log_metrics({name: value for name, value in figures.items() if isinstance(value, int | float)})
            info = mlflow.pyfunc.log_model(
                name="model",
                python_model=str(PYFUNC),
                artifacts={"model": str(saved)},
                pip_requirements=REQUIREMENTS,
                signature=signature(),
            )
            version = mlflow.register_model(info.model_uri, NAME, tags=tags)
        return str(version.version)


def signature() -> "ModelSignature":
    """What ``predict`` takes and gives; MLflow drops parameters that it was not told of."""
    import pandas as pd
    from mlflow.models import infer_signature

    lists = pd.DataFrame({"user_id": [1], "rank": [1], "track_id": [1], "score": [1.0]})
    return infer_signature(lists[["user_id"]], lists, params={"k": 20})


def _exists(client: "MlflowClient") -> bool:
    return bool(client.search_registered_models(f"name='{NAME}'"))


def point(uri: str, champion: str, previous: str) -> None:
    """Move the aliases; ``previous`` may be empty."""
    with connected(uri) as client:
        client.set_registered_model_alias(NAME, "champion", champion)
        if previous:
            client.set_registered_model_alias(NAME, "previous", previous)


def recipe(model: FactorModel, als: Als) -> Als:
    """The parameters that a model was fitted with."""
    names = {field.name for field in dataclasses.fields(als)} - NOT_OF_THE_MODEL
    return dataclasses.replace(als, **{name: value for name, value in model.recipe.items() if name in names})
