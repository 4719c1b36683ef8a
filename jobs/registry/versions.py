"""The MLflow registry: one model, ``recommender``, with the aliases ``champion`` and ``previous``.

MLflow is imported where it is used: it takes seconds, and only days that train need it.
"""

import dataclasses
import datetime
import pathlib
import tempfile
from collections.abc import Mapping
from typing import TYPE_CHECKING

from conf.settings import AlsSettings
from jobs.model.factors import FactorModel
from jobs.model.recipe import flat
from jobs.model.registry_access import NAME, connected, experiment

if TYPE_CHECKING:
    import pandas as pd
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion
    from mlflow.models import ModelSignature


ALIASES = ("previous", "champion")  # in the order in which they are moved
PYFUNC = pathlib.Path(__file__).with_name("pyfunc.py")
REQUIREMENTS = ["mlflow", "numpy", "pandas"]
LONGEST_TAG = 5000
IDENTITY = ("date", "revision", "training_run")  # tags that tell one promotion from another


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
    """The version that an interrupted run of the same promotion registered; empty where there is none."""
    with connected(uri) as client:
        same = [
            int(version.version)
            for version in newest_first(client)
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
        with mlflow.start_run(run_name=f"promote {tags['date']}", experiment_id=experiment(client, uri)):
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
    parameters = {field.name for field in dataclasses.fields(AlsSettings)} - {"rank"}
    return {name: str(value)[:LONGEST_TAG] for name, value in flat(recipe).items() if name not in parameters}


def newest_first(client: "MlflowClient") -> "list[ModelVersion]":
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
        there = {str(version.version) for version in newest_first(client)}
        now = aliases(client)
        for alias in ALIASES:
            version = wanted.get(alias, "")
            if version in there and now.get(alias) != version:
                client.set_registered_model_alias(NAME, alias, version)
            elif version not in there and alias in now:
                client.delete_registered_model_alias(NAME, alias)
