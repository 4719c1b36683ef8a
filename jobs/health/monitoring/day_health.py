"""A date's health as it is recorded."""

import dataclasses
import datetime
import logging

from jobs.health.monitoring import finding, series
from jobs.health.monitoring.finding import Finding
from jobs.health.monitoring.series import DayFigures, Series
from jobs.health.monitoring.verdict import verdict
from lake.access import Lake

log = logging.getLogger("jobs")


@dataclasses.dataclass(frozen=True)
class DayHealth:
    """A date's figures, the recorded days up to it, what needs attention (most pressing first), and all in a sentence."""

    date: datetime.date
    figures: DayFigures
    series: Series
    findings: list[Finding]
    verdict: str
    partial: bool = False


def read(lake: Lake, date: datetime.date) -> DayHealth:
    """The health of a date as it was recorded."""
    return health_of(lake, date, read_series(lake, date), finding.read(lake, date))


def read_series(lake: Lake, date: datetime.date) -> Series:
    try:
        return series.read(lake, date)
    except Exception:
        log.exception("the health of the days before %s could not be read", date)
        return {}


def health_of(lake: Lake, date: datetime.date, recorded: Series, found: list[Finding]) -> DayHealth:
    figures = series.on(recorded, date)
    revisions = lake.rows("accounting", [("date", "=", date)], ["revision"])
    partial = any(row["revision"] == 0 for row in revisions)
    return DayHealth(date, figures, recorded, found, verdict(found, figures, partial), partial)
