"""The live figures of each version, from ``evaluations`` to its run in MLflow."""

import datetime
import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from conf import days
from conf.sql_text import midnight
from jobs.model import registry_access
from jobs.registry import versions

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

log = logging.getLogger("jobs.registry")

MODELS = ("als", "popularity_als")  # the lists of the version, and popularity's for the same users
UNTIL = "live_until"  # tag of a version: the last date whose figures its run has
BATCH = 1000  # metrics that MLflow takes at once
GONE = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE", "INVALID_STATE")  # what MLflow says of a deleted run

Row = Mapping[str, Any]


def record_live(uri: str, rows: Iterable[Row], today: datetime.date | None = None) -> int:
    """Log live figures of days that are over to the runs of their versions; returns how many.

    The step of a figure is the days since the version's own date. A figure goes there once: a tag of the version
    says up to which date, and MLflow takes the same value of the same step and time for the same figure.

    Args:
        rows: of ``evaluations``, kind ``live``.
    """
    today = today or days.today()
    by_version = of_versions(row for row in rows if row["date"] < today)
    with registry_access.connected(uri) as client:
        return sum(
            log_version(client, version, by_version.get(str(version.version), []))
            for version in versions.newest_first(client)
        )


def log_version(client: "MlflowClient", version: "ModelVersion", rows: list[Row]) -> int:
    """Log what its run does not have yet; nothing where somebody registered the version or removed its run by hand."""
    from mlflow.entities import Metric
    from mlflow.exceptions import MlflowException

    since, until = date_of(version.tags.get("date")), date_of(version.tags.get(UNTIL))
    found = [row for row in rows if until is None or row["date"] > until]
    if since is None or not found:
        return 0
    metrics = [Metric(name(row), row["value"], milliseconds(row["date"]), (row["date"] - since).days) for row in found]
    try:
        for begin in range(0, len(metrics), BATCH):
            client.log_batch(str(version.run_id), metrics[begin : begin + BATCH])
    except MlflowException as error:
        if error.error_code in GONE:
            why = str(error).splitlines()[0][:200]
            log.warning(
                "model %s gets no live figures, its run %s takes none: %s", version.version, version.run_id, why
            )
            return 0
        raise
    last = max(row["date"] for row in found)
    client.set_model_version_tag(registry_access.NAME, str(version.version), UNTIL, str(last))
    return len(found)


def date_of(tag: str | None) -> datetime.date | None:
    """None where the tag is missing, or was edited by hand into something else."""
    try:
        return datetime.date.fromisoformat(tag or "")
    except ValueError:
        return None


def of_versions(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """The rows by version: its own, and popularity's of the dates that it served."""
    kept = [row for row in rows if row["model"] in MODELS]
    served = {row["date"]: row["model_version"] for row in kept if row["model"] == "als" and row["model_version"]}
    # The share of unknown plays is of the date's champion, the lists are of the day before's.
    served |= {row["date"]: row["model_version"] for row in kept if row["metric"] == "ndcg" and row["model"] == "als"}
    found: dict[str, list[Row]] = {}
    for row in kept:
        version = row["model_version"] or served.get(row["date"], "")
        found.setdefault(version, []).append(row)
    return found


def name(row: Row) -> str:
    return f"live_{row['model']}_{row['metric']}_{row['k']}"


def milliseconds(date: datetime.date) -> int:
    return int(midnight(date).timestamp() * 1000)


def mean_live(rows: Iterable[Row], k: int) -> dict[str, dict[str, float]]:
    """By version: live NDCG at ``k`` of its lists (``ndcg``) and of popularity's (``popularity``), means over all
    scored users of all days, and those ``days``.
    """
    means = {}
    for version, found in of_versions(row for row in rows if row["metric"] == "ndcg" and row["k"] == k).items():
        values = {model: [row for row in found if row["model"] == model and row["users"]] for model in MODELS}
        if version and values["als"]:
            means[version] = {
                "ndcg": _mean(values["als"]),
                "popularity": _mean(values["popularity_als"]),
                "days": len(values["als"]),
            }
    return means


def _mean(rows: list[Row]) -> float:
    users = sum(row["users"] for row in rows)
    return sum(row["value"] * row["users"] for row in rows) / users if users else float("nan")
