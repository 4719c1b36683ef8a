"""A date's health, judged from what the lake holds, and recorded: figures in ``health``, what needs attention in ``findings``."""

import dataclasses
import datetime
import logging
import time

from conf.settings import Settings
from conf.tables import marker
from jobs.health.monitoring import model_figures, step_figures
from jobs.health.monitoring.anomalies import findings
from jobs.health.monitoring.collect import collect
from jobs.health.monitoring.day_health import DayHealth, health_of, read_series
from jobs.health.monitoring.finding import Finding
from jobs.health.monitoring.series import DayFigures, Key
from lake.access import Lake

log = logging.getLogger("jobs")


@dataclasses.dataclass(frozen=True)
class Judgement:
    """A date's figures and findings as they are now, and the health that comes of them."""

    figures: DayFigures
    findings: list[Finding]
    health: DayHealth


def judge(lake: Lake, date: datetime.date, settings: Settings) -> Judgement:
    """Collect and judge the date's health. Nothing is written, and nothing raised: what fails is told in the log."""
    recorded = read_series(lake, date)
    figures = collect(lake, date, settings, set(recorded))
    recorded = {key: [point for point in points if point[0] != date] for key, points in recorded.items()}
    for key, value in figures.items():
        recorded.setdefault(key, []).append((date, value))
    recorded = {key: points for key, points in recorded.items() if points}
    found = findings(recorded, date, settings, lake.root, _causes(lake, date))
    return Judgement(figures, found, health_of(lake, date, recorded, found))


def record(lake: Lake, date: datetime.date, settings: Settings) -> DayHealth:
    """Judge the date's health and write it in place of what there is of it. That writing failed is told in the log."""
    judged = judge(lake, date, settings)
    try:
        _write(lake.root, date, judged.figures, judged.findings)
    except Exception:  # the page can be made all the same
        log.exception("the health of %s could not be written", date)
    return judged.health


def _causes(lake: Lake, date: datetime.date) -> dict[Key, str]:
    try:
        return step_figures.causes(lake, date) | model_figures.causes(lake, date)
    except Exception:  # what failed is named without its cause
        log.exception("why something failed on %s could not be read", date)
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
