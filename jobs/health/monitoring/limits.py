"""Limits that hold from the first day on, whatever is usual."""

import dataclasses
from collections.abc import Callable
from typing import Literal

from conf.settings import Settings
from jobs.health.monitoring.finding import Severity
from jobs.health.monitoring.series import DayFigures


@dataclasses.dataclass(frozen=True)
class Limit:
    """``value`` may be ``bound``, and nothing beyond it."""

    metric: str
    beyond: Literal["above", "below"]
    bound: Callable[[Settings], float]
    why: str  # where the bound comes from, or what it means
    severity: Severity = "warning"

    def broken(self, value: float, settings: Settings) -> bool:
        bound = self.bound(settings)
        return value > bound if self.beyond == "above" else value < bound


def _none(settings: Settings) -> float:
    return 0


def _one(settings: Settings) -> float:
    return 1


LIMITS: dict[str, Limit] = {
    limit.metric: limit
    for limit in (
        Limit("steps_failed", "above", _none, "no step should fail"),
        Limit("steps_killed", "above", _none, "every step that begins should end"),
        Limit(
            "day_complete", "below", _one, "steps are missing, and people have the lists of a day before", "critical"
        ),
        Limit("days_missing", "above", _none, "a day that was left out is never evaluated"),
        Limit("mail_failures", "above", _none, "whoever waits for a mail does not get it"),
        Limit("registry_failures", "above", _none, "lists go out, and no model is trained or promoted"),
        Limit("rows_fetched", "below", _one, "there is nothing to recommend, or nobody to recommend it to", "critical"),
        Limit("rows_unaccounted", "above", _none, "rows are lost on the way", "critical"),
        Limit("duplicate_share", "above", lambda s: s.health.max_duplicate_share, "[health] max_duplicate_share"),
        Limit("quarantined_share", "above", lambda s: s.health.max_quarantined_share, "[health] max_quarantined_share"),
        Limit("null_share", "above", lambda s: s.health.max_null_share, "[health] max_null_share"),
        Limit("fields_missing", "above", _none, "the API has changed"),
        Limit("torn_snapshots", "above", _none, "the API's data changed while they were fetched"),
        Limit("table_age", "above", _one, "what is served is made from old data"),
        Limit("disk_free", "below", lambda s: s.health.min_disk_free, "[health] min_disk_free", "critical"),
        Limit("champion_age", "above", lambda s: s.retrain.max_age_days, "[retrain] max_age_days"),
        Limit("users_served", "below", _one, "nobody has a list of this date", "critical"),
    )
}


def broken(metric: str, value: float, settings: Settings, figures: DayFigures) -> Limit | None:
    """The limit that a value breaks. What fails in a day that is done all the same can wait until today's coffee."""
    limit = LIMITS.get(metric)
    if limit is None or not limit.broken(value, settings):
        return None
    unfinished = figures.get(("day_complete", ""), 1) < 1
    if metric in ("steps_failed", "steps_killed") and unfinished:
        return dataclasses.replace(limit, severity="critical")
    return limit
