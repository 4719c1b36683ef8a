"""Record a date's health: its figures in ``health``, what needs attention in ``findings``."""

import dataclasses
import datetime
import logging
import time

from conf.settings import Settings
from conf.tables import marker
from jobs.health.monitoring import finding, series
from jobs.health.monitoring import step_figures as steps
from jobs.health.monitoring.anomalies import findings
from jobs.health.monitoring.collect import collect
from jobs.health.monitoring.finding import Finding
from jobs.health.monitoring.series import Figures, Key, Series
from jobs.health.monitoring.verdict import verdict
from lake.tables import Lake

log = logging.getLogger("jobs")


@dataclasses.dataclass(frozen=True)
class Health:
    """A date's figures, the recorded days up to it, what needs attention (most pressing first), and all in a sentence."""

    date: datetime.date
    figures: Figures
    series: Series
    findings: list[Finding]
    verdict: str
    partial: bool = False


def record(lake: Lake, date: datetime.date, settings: Settings) -> Health:
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
    return _health(lake, date, recorded, found)


def read(lake: Lake, date: datetime.date) -> Health:
    """The health of a date as it was recorded."""
    return _health(lake, date, read_series(lake, date), finding.read(lake, date))


def read_series(lake: Lake, date: datetime.date) -> Series:
    try:
        return series.read(lake, date)
    except Exception:
        log.exception("the health of the days before %s could not be read", date)
        return {}


def _causes(lake: Lake, date: datetime.date) -> dict[Key, str]:
    try:
        return steps.causes(lake, date)
    except Exception:  # what failed is named without its cause
        log.exception("why steps of %s failed could not be read", date)
        return {}


def _health(lake: Lake, date: datetime.date, recorded: Series, found: list[Finding]) -> Health:
    figures = series.on(recorded, date)
    revisions = lake.rows("accounting", [("date", "=", date)], ["revision"])
    partial = any(row["revision"] == 0 for row in revisions)
    return Health(date, figures, recorded, found, verdict(found, figures, partial), partial)


def _write(root: str, date: datetime.date, figures: Figures, found: list[Finding]) -> None:
    # A later moment is a later version of the date's part, which takes the place of the one before.
    lake = Lake(root, revision=time.time_ns() // 1_000_000)
    rows = [
        {"date": date, "metric": metric, "label": label, "value": value} for (metric, label), value in figures.items()
    ]
    lake.replace_rows(rows, "health", marker("health", "Health", date), date=date)
    rows = [{"date": date, **dataclasses.asdict(it)} for it in found]
    lake.replace_rows(rows, "findings", marker("findings", "Health", date), date=date)
