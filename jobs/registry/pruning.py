"""What is removed of old models: in the registry, in the lake's copies, in ``similar_tracks``.

A version is kept while an alias names it, while it is one of the newest ``[registry] keep_versions``, and while
it was champion on a date whose raw folders are kept (``[lake] keep_raw_days``): that date may be run again,
and is then evaluated, decided and served by its own champion. 0 days keep raw for ever, and so every champion.
"""

import contextlib
import datetime
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from jobs.model import registry_access
from jobs.registry import versions
from lake import files
from lake.access import Lake
from lake.champion import line, moves
from lake.layout import challenger_folder, model_folder

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

DAY = 86_400  # seconds after which a run without a version counts as interrupted


def prune(uri: str, lake: Lake, date: datetime.date, keep_versions: int, keep_raw_days: int) -> list[str]:
    """Remove versions that are not kept, as of ``date``, and what interrupted runs left; returns the versions.

    The registry's part goes last: killed before, the version is found and removed the next time.
    """
    oldest = date - datetime.timedelta(days=keep_raw_days) if keep_raw_days else datetime.date.min
    with registry_access.connected(uri) as client:
        there = [str(version.version) for version in versions.newest_first(client)]
        aliased = set(versions.aliases(client).values())
        old = beyond(there, keep_versions, aliased | needed(lake.rows("decisions"), oldest))
        if old:
            lake.delete("similar_tracks", ("model_version", "in", old))
        for version in old:
            files.remove(model_folder(lake.root, version), first="recipe.json")
            client.delete_model_version(registry_access.NAME, version)
        sweep(client)
    old_challengers(lake.root, oldest)
    return old


def beyond(newest_first: list[str], keep: int, protected: set[str]) -> list[str]:
    """The versions after the first ``keep`` without an alias or other need; none for 0."""
    free = [version for version in newest_first if version not in protected]
    return free[keep:] if keep else []


def needed(decisions: Iterable[Mapping[str, Any]], oldest: datetime.date) -> set[str]:
    """The versions that were champion at the end of a day from the one before ``oldest`` on."""
    made = moves(decisions)
    since = [move for move in made if move["date"] >= oldest]
    before = line(move for move in made if move["date"] < oldest)[-1:]
    return {*before, *(move["model_version"] for move in since)}


def sweep(client: "MlflowClient") -> None:
    """Remove promotions' runs that have no version, with their models and files: of pruned ones, and of killed runs."""
    import mlflow

    runs = mlflow.search_runs(
        experiment_names=[registry_access.NAME], filter_string="tags.step = 'promote'", output_format="list"
    )
    for run in runs:
        if (run.info.status == "FINISHED" or _old(run.info.start_time / 1000)) and not named(client, run.info.run_id):
            remove_run(client, run)


def named(client: "MlflowClient", run_id: str) -> bool:
    """Whether a version comes of the run, of whatever name: somebody may have renamed the model, or copied a version."""
    return bool(client.search_model_versions(f"run_id = '{run_id}'", max_results=1))


def remove_run(client: "MlflowClient", run: "Run") -> None:
    """The files first, or nothing would lead to them."""
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    found = client.search_logged_models([run.info.experiment_id], f"source_run_id = '{run.info.run_id}'")
    for model in found:
        with contextlib.suppress(FileNotFoundError):
            get_artifact_repository(model.artifact_location).delete_artifacts()
        client.delete_logged_model(model.model_id)
    client.delete_run(run.info.run_id)


def old_challengers(root: str, oldest: datetime.date) -> None:
    """Remove the lake's challengers from before ``oldest``."""
    for folder in challenger_folder(root, oldest).parent.glob("challenger=????-??-??"):
        if datetime.date.fromisoformat(folder.name.removeprefix("challenger=")) < oldest:
            files.remove(folder, first="recipe.json")


def _old(moment: float) -> bool:
    return time.time() - moment > DAY
