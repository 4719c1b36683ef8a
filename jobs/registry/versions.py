"""The MLflow registry: one model, ``recommender``, with the aliases ``champion`` and ``previous``.

MLflow is imported where it is used: it takes seconds, and only days that train need it.
"""

import dataclasses
import datetime
import pathlib
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from conf.errors import Refused
from conf.settings import Als
from conf.tables import marker
from jobs.model.factors import FactorModel
from jobs.model.registry_access import BROKEN, NAME, without_credentials
from jobs.model.registry_access import awaited as awaited
from jobs.model.registry_access import begun as begun
from jobs.model.registry_access import connected as connected
from jobs.model.registry_access import reachable as reachable
from lake.tables import Lake

if TYPE_CHECKING:
    import pandas as pd
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion
    from mlflow.models import ModelSignature

    from jobs.evaluation.holdout import Holdout
    from jobs.training.tuning.search import Trial

ALIASES = ("previous", "champion")  # in the order in which they are moved
PYFUNC = pathlib.Path(__file__).with_name("pyfunc.py")
WEIGHTINGS = ("plays", "log", "once")  # by the number that stands for it in a metric
BATCH = 1000  # metrics that MLflow takes at once
# Settings of the process that fits, not of the model.
NOT_OF_THE_MODEL = {"solver", "local_mb", "tune", "tune_seconds"}
REQUIREMENTS = ["mlflow", "numpy", "pandas"]
LONGEST_TAG = 5000
IDENTITY = ("date", "revision", "training_run")  # tags that tell one promotion from another

UNREACHABLE = "registry_unreachable"  # metric of a training that was not begun
CANNOT_FIT = "cannot_fit"  # and of one from which no model came


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


def not_trained(lake: Lake, date: datetime.date, unreachable: str) -> dict[str, object]:
    """Commit that a date's training was not begun, since the registry cannot be reached; the day goes on."""
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


def training_run(uri: str, date: datetime.date) -> str:
    """The id of the newest run that recorded a training of the date; empty where there is none."""
    import mlflow

    with connected(uri):
        found = mlflow.search_runs(
            experiment_names=[NAME],
            filter_string=f"tags.step = 'train' and tags.date = '{date}'",
            order_by=["attributes.start_time DESC"],
            max_results=1,
            output_format="list",
        )
        return str(found[0].info.run_id) if found else ""


def left(uri: str, tags: Mapping[str, str], above: int = 0) -> str:
    """The version that a killed run of the same promotion registered; empty where there is none."""
    with connected(uri) as client:
        same = [
            int(version.version)
            for version in versions(client)
            if all(version.tags.get(name) == tags[name] for name in IDENTITY)
        ]
        return str(max(same)) if same and max(same) > above else ""


def register(
    uri: str, model: FactorModel, tags: Mapping[str, str], metrics: Mapping[str, float], above: int = 0
) -> str:
    """Register a model as a new version and return that.

    Args:
        tags: lineage, of the run and of the version.
        metrics: of the run.
        above: the highest number that is taken already. A registry that was emptied begins at 1 again,
            where the lake still knows another model of that number.
    """
    import mlflow

    with connected(uri) as client, tempfile.TemporaryDirectory() as folder:
        saved = pathlib.Path(folder) / "model"
        model.save(saved)
        with mlflow.start_run(run_name=f"promote {tags['date']}"):
            mlflow.set_tags({**tags, "step": "promote"})
            mlflow.log_params(flat(model.recipe))
            mlflow.log_metrics(dict(metrics))
            info = mlflow.pyfunc.log_model(
                name="model",
                python_model=str(PYFUNC),
                artifacts={"model": str(saved)},
                pip_requirements=REQUIREMENTS,
                signature=signature(),
                input_example=(example(model), {"k": 5}),
            )
            version = mlflow.register_model(info.model_uri, NAME, tags=dict(tags))
            while int(version.version) <= above:
                client.delete_model_version(NAME, version.version)
                version = mlflow.register_model(info.model_uri, NAME, tags=dict(tags))
        return str(version.version)


def example(model: FactorModel) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame({"user_id": model.user_ids[:2].astype("int64")})


def signature() -> "ModelSignature":
    """What ``predict`` takes and gives; MLflow drops parameters that it was not told of."""
    import pandas as pd
    from mlflow.models import infer_signature

    lists = pd.DataFrame({"user_id": [1], "rank": [1], "track_id": [1], "score": [1.0]})
    return infer_signature(lists[["user_id"]], lists, params={"k": 20})


def lineage(recipe: Mapping[str, object]) -> dict[str, str]:
    """What a model's recipe says of its data, as tags: all of it but the parameters of the fit."""
    parameters = {field.name for field in dataclasses.fields(Als)} - {"rank"}
    return {name: str(value)[:LONGEST_TAG] for name, value in flat(recipe).items() if name not in parameters}


def flat(recipe: Mapping[str, object]) -> dict[str, object]:
    """The recipe with the entries of a part, such as ``trained``, by ``trained_hash`` and the like."""
    entries: dict[str, object] = {}
    for name, value in recipe.items():
        inner = value if isinstance(value, dict) else {}
        entries |= {f"{name}_{key}": part for key, part in inner.items()} if inner else {name: value}
    return entries


def versions(client: "MlflowClient") -> "list[ModelVersion]":
    """Every version that is not deleted, newest first."""
    found = client.search_model_versions(f"name='{NAME}'")
    return sorted(found, key=lambda version: int(version.version), reverse=True)


def aliases(client: "MlflowClient") -> dict[str, str]:
    """The version that each alias names."""
    models = client.search_registered_models(f"name='{NAME}'")
    return {alias: str(version) for model in models for alias, version in model.aliases.items()}


def point(uri: str, wanted: Mapping[str, str]) -> None:
    """Let both aliases name what is wanted; one for which that is nothing, or not in the registry, goes.

    ``previous`` is moved first: killed between the two, each still names a version that was in production.
    """
    with connected(uri) as client:
        there = {str(version.version) for version in versions(client)}
        now = aliases(client)
        for alias in ALIASES:
            version = wanted.get(alias, "")
            if version in there and now.get(alias) != version:
                client.set_registered_model_alias(NAME, alias, version)
            elif version not in there and alias in now:
                client.delete_registered_model_alias(NAME, alias)


def fetch(uri: str, version: str) -> FactorModel:
    """A registered model's factors.

    Raises:
        Refused: the registry does not have them whole.
    """
    import mlflow

    with connected(uri), tempfile.TemporaryDirectory() as folder:
        try:
            found = mlflow.artifacts.download_artifacts(f"models:/{NAME}/{version}", dst_path=folder)
            return FactorModel.load(pathlib.Path(found) / "artifacts" / "model")
        except (*BROKEN, mlflow.exceptions.MlflowException) as error:
            raise Refused(
                f"model {version}: the registry at {without_credentials(uri)} does not have it whole: "
                f"{without_credentials(uri, str(error))}"
            ) from error


def recipe(model: FactorModel, als: Als) -> Als:
    """The parameters that a model was fitted with; what a recipe does not name it was fitted without."""
    als = dataclasses.replace(
        als, reg_exponent=1.0, weighting="plays", half_life_days=0.0, min_user_tracks=1, min_track_users=1
    )
    names = {field.name for field in dataclasses.fields(als)} - NOT_OF_THE_MODEL
    return dataclasses.replace(als, **{name: value for name, value in model.recipe.items() if name in names})
