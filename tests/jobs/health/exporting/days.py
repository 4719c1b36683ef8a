"""Days of health as the pipeline would record them: every declared figure, quiet unless a test changes it."""

import datetime
from collections.abc import Mapping

from conf.contract import ENTITIES
from conf.figures import METRICS
from jobs.health.monitoring.series import Key
from lake.access import Lake

TASKS = ("CleanListens", "FetchTracks", "Recommend", "TrainModel")
LABELS = {
    "": ("",),
    "entity": tuple(ENTITIES),
    "task": TASKS,
    "table": ("listens", "recommendations"),
    "field": ("tracks.album", "users.gender"),
    "rule": ("email_malformed", "unknown_track"),
}
QUIET = {
    "step_success_share": 1.0,
    "day_complete": 1.0,
    "rows_fetched": 1000.0,
    "rows_clean": 980.0,
    "plays_of_day": 5000.0,
    "quarantined_share": 0.01,
    "table_age": 0.0,
    "disk_free": 0.6,
    "step_duration": 20.0,
    "step_memory": 3e8,
    "live_ndcg": 0.08,
    "live_ndcg_popularity": 0.05,
    "live_users": 400.0,
    "champion_age": 3.0,
    "users_served": 900.0,
    "coverage": 0.4,
}


def day(date: datetime.date, changed: Mapping[Key, float | None] | None = None) -> list[dict]:
    """Rows of ``health``; what is changed to None is not recorded."""
    values: dict[Key, float | None] = {
        (metric.name, label): QUIET.get(metric.name, 0.0)
        for metric in METRICS.values()
        for label in LABELS[metric.label]
    }
    values |= changed or {}
    return [
        dict(date=date, metric=metric, label=label, value=value)
        for (metric, label), value in values.items()
        if value is not None
    ]


def record(lake: Lake, date: datetime.date, changed: Mapping[Key, float | None] | None = None) -> None:
    """Put the date's figures in place of those that are there."""
    lake.revision += 1
    lake.replace_rows(day(date, changed), "health", f"health/test/{date}", date=date)


def find(lake: Lake, date: datetime.date, *findings: tuple[str, str, str]) -> None:
    """Put findings (metric, label, severity) in place of the date's."""
    lake.revision += 1
    rows = [
        dict(date=date, metric=metric, label=label, severity=severity, text="found: so and so", command="")
        for metric, label, severity in findings
    ]
    lake.replace_rows(rows, "findings", f"findings/test/{date}", date=date)


def before(date: datetime.date, days: int) -> datetime.date:
    return date - datetime.timedelta(days=days)


def history(lake: Lake, last: datetime.date, days: int) -> None:
    """Quiet days up to and including the last, in one commit."""
    rows = [row for back in range(days) for row in day(before(last, back))]
    lake.append_rows(rows, "health", f"health/test/until-{last}")
    find(lake, last)
