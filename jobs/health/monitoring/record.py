"""Record a date's health: its figures in ``health``, what needs attention in ``findings``."""

import dataclasses
import datetime
import logging
import time

from conf.settings import Settings
from conf.tables import marker
from jobs.health.monitoring import step_figures
from jobs.health.monitoring.anomalies import findings
from jobs.health.monitoring.collect import collect
from jobs.health.monitoring.day_health import DayHealth, health_of, read_series
from jobs.health.monitoring.finding import Finding
from jobs.health.monitoring.series import DayFigures, Key
from lake.access import Lake

log = logging.getLogger("jobs")


def record(lake: Lake, date: datetime.date, settings: Settings) -> DayHealth:
    """Collect, judge and write the date's health, in place of what there is of it. Raises nothing: it is told in the log."""
    recorded = read_series(lake, date)
    figures = collect(lake, date, settings, set(recorded))
    recorded = {key: [point for point in points if point[0] != date] for key, points in recorded.items()}
    for key, value in figures.items():
        recorded.setdefault(key, []).append((date, value))
    recorded = {key: points for key, points in recorded.items() if points}
    found = findings(recorded, date, settings, lake.root, _causes(lake, date))
    try:
        _write(lake.root, date, figures, found)
    except Exception:  # the page can be made all the same
        log.exception("the health of %s could not be written", date)
    return health_of(lake, date, recorded, found)


def _causes(lake: Lake, date: datetime.date) -> dict[Key, str]:
    try:
        return step_figures.causes(lake, date)
    except Exception:  # what failed is named without its cause
        log.exception("why steps of %s failed could not be read", date)
        return {}


def _write(root: str, date: datetime.date, figures: DayFigures, found: list[Finding]) -> None:
    # A later moment is a later version of the date's part, which takes the place of the one before.
    lake = Lake(root, revision=time.time_ns() // 1_000_000)
    rows = [
        {"date": date, "metric": metric, "label": label, "value": value} for (metric, label), value in figures.items()
    ]
    lake.replace_rows(rows, "health", marker("health", "Health", date), date=date)
    rows = [{"date": date, **dataclasses.asdict(it)} for it in found]
    lake.replace_rows(rows, "findings", marker("findings", "Health", date), date=date)
