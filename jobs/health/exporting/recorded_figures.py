"""What the lake has recorded of its health, made ready: a value of each figure, and what is usual for some."""

import dataclasses
import datetime
import math
import statistics
from collections import Counter
from collections.abc import Mapping

import pyarrow.compute as pc

from conf.contract import ENTITIES
from conf.figures import METRICS
from conf.figures.metric import Metric
from jobs.health.monitoring import series
from jobs.health.monitoring.series import Key, Point, Series
from lake.access import Lake
from lake.schema_version import schema_of

HISTORY = 28  # days before the newest that "usual" is taken from
FEWEST = 5  # values that a usual one needs
STANDING = 7  # days for which a figure stands when newer days have none
MOST_LABELS = 100  # values of one metric's label; what is more is left out and counted

USUAL = ("step_duration", "rows_fetched", "plays_of_day")
RECENT = ("live_ndcg", "live_ndcg_popularity")


@dataclasses.dataclass(frozen=True)
class ExportedFigures:
    """``values``: by metric and label, its date and value. ``findings``: how many, by metric and severity."""

    schema: int
    date: datetime.date | None = None
    complete: datetime.date | None = None  # newest date with all steps done
    values: Mapping[Key, Point] = dataclasses.field(default_factory=dict)
    usual: Mapping[Key, float] = dataclasses.field(default_factory=dict)
    recent: Mapping[Key, float] = dataclasses.field(default_factory=dict)
    findings: Mapping[Key, int] = dataclasses.field(default_factory=dict)
    left_out: int = 0


def read(lake: Lake, window_days: int) -> ExportedFigures:
    """The newest figures of a lake; ``window_days`` are those that live figures are averaged over."""
    schema = schema_of(lake.root)
    dates = lake.arrow("health", columns=["date"])["date"]
    if not len(dates):
        return ExportedFigures(schema)
    newest = pc.max(dates).as_py()
    recorded = declared(series.read(lake, newest, max(HISTORY, window_days) + 1))
    done = lake.rows("health", [("metric", "=", "day_complete"), ("value", ">=", 1)], ["date"])
    values, left_out = bounded(standing(recorded, newest))
    return ExportedFigures(
        schema,
        newest,
        max((row["date"] for row in done), default=None),
        values,
        usual(recorded, newest),
        recent(recorded, newest, window_days),
        Counter((row["metric"], row["severity"]) for row in lake.rows("findings", [("date", "=", newest)])),
        left_out,
    )


def declared(recorded: Series) -> Series:
    """What is left of metrics that are declared and values that are numbers."""
    found = {
        key: [(date, value) for date, value in points if value is not None and math.isfinite(value)]
        for key, points in recorded.items()
        if key[0] in METRICS
    }
    return {key: points for key, points in found.items() if points}


def standing(recorded: Series, newest: datetime.date) -> dict[Key, Point]:
    """The values that hold now.

    What happens on a day (a failure, a torn snapshot) counts on the newest date alone, and is 0 where nothing was
    recorded. A state (rows, a score, an age) holds until it is measured again: the metric's newest date within a week.
    """
    dates: dict[str, datetime.date] = {}
    for (known, _), values in recorded.items():
        dates[known] = max(values[-1][0], dates.get(known, datetime.date.min))
    found: dict[Key, Point] = {}
    for metric in METRICS.values():
        if is_event(metric):
            found |= {(metric.name, label): (newest, 0.0) for label in labels(metric, recorded)}
    for key, values in recorded.items():
        wanted = newest if is_event(METRICS[key[0]]) else dates[key[0]]
        if values[-1][0] == wanted and (newest - wanted).days <= STANDING:
            found[key] = values[-1]
    return found


def is_event(metric: Metric) -> bool:
    """Whether the metric counts what should not happen, so that no record is none of it."""
    return metric.bad == "high" and (metric.unit in ("count", "rows") or metric.name == "days_missing")


def labels(metric: Metric, recorded: Series) -> set[str]:
    """The label's values: the API's entities, and else those that were seen lately for a metric of that label."""
    if not metric.label:
        return {""}
    if metric.label == "entity":
        return set(ENTITIES)
    return {label for name, label in recorded if METRICS[name].label == metric.label}


def bounded(
    values: Mapping[Key, Point],
) -> tuple[dict[Key, Point], int]:
    """The first of each metric's labels, and how many are left out."""
    kept: dict[Key, Point] = {}
    counts: Counter[str] = Counter()
    for key in sorted(values):
        counts[key[0]] += 1
        if counts[key[0]] <= MOST_LABELS:
            kept[key] = values[key]
    return kept, len(values) - len(kept)


def usual(recorded: Series, newest: datetime.date) -> dict[Key, float]:
    """Median of the days before the newest; of too few days there is none."""
    earlier = {
        key: [value for date, value in values if 0 < (newest - date).days <= HISTORY]
        for key, values in recorded.items()
        if key[0] in USUAL
    }
    return {key: statistics.median(values) for key, values in earlier.items() if len(values) >= FEWEST}


def recent(recorded: Series, newest: datetime.date, window_days: int) -> dict[Key, float]:
    """Mean of the last ``window_days``: what a decision to retrain looks at."""
    latest = {
        key: [value for date, value in values if (newest - date).days < window_days]
        for key, values in recorded.items()
        if key[0] in RECENT
    }
    return {key: statistics.fmean(values) for key, values in latest.items() if values}
