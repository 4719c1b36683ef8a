"""A figure as it is drawn: over which days, with which band and which days marked. Pure."""

import dataclasses
import datetime
import math
from collections.abc import Iterable, Mapping

from conf.figures.metric import Unit
from jobs.health.monitoring.anomalies import least
from jobs.health.monitoring.series import Key, Point, Series
from jobs.health.monitoring.usual import usual
from jobs.health.reporting import words

DAYS = 30  # drawn

Flags = Mapping[Key, Mapping[datetime.date, str]]  # severity by date
BESIDE = {"live_ndcg": "live_ndcg_popularity", "holdout_ndcg": "holdout_ndcg_popularity"}


@dataclasses.dataclass(frozen=True)
class Band:
    """What is usual of a figure."""

    middle: float
    low: float
    high: float


@dataclasses.dataclass(frozen=True)
class Panel:
    """A figure over the last days, None where a day has none; ``beside`` is another, drawn faintly for comparison."""

    metric: str
    label: str
    dates: list[datetime.date]
    values: list[float | None]
    beside: list[float | None]
    band: Band | None
    flags: dict[datetime.date, str]

    @property
    def title(self) -> str:
        return words.title(self.metric, self.label)

    @property
    def unit(self) -> Unit:
        return words.metric_of(self.metric).unit

    @property
    def watched(self) -> bool:
        """Whether it is held against its own days."""
        return words.metric_of(self.metric).watched

    @property
    def value(self) -> float | None:
        """That of the last day."""
        return self.values[-1]

    @property
    def severity(self) -> str:
        """Of the last day; empty where nothing is amiss."""
        return self.flags.get(self.dates[-1], "")

    @property
    def shown(self) -> str:
        return words.figure(self.value, self.unit)

    @property
    def usually(self) -> str:
        return words.figure(self.band.middle, self.unit) if self.band else ""

    @property
    def change(self) -> str:
        return words.change(self.value, self.band.middle if self.band else None, self.unit)

    @property
    def description(self) -> str:
        """The picture in words, for those who do not see it."""
        known = sum(value is not None for value in self.values)
        parts = [f"{self.title}, {known} of the {len(self.dates)} days to {self.dates[-1]}: {self.shown} on the last"]
        if self.band:
            low, high = (words.figure(value, self.unit) for value in (self.band.low, self.band.high))
            parts.append(f"usually {low} to {high}")
        if self.flags:
            parts.append("marked: " + ", ".join(f"{date} {severity}" for date, severity in sorted(self.flags.items())))
        return "; ".join(parts)


def panel(series: Series, flags: Flags, key: Key, date: datetime.date, deviations: float, days: int = DAYS) -> Panel:
    """A figure over the ``days`` that end with ``date``; ``deviations`` are [health] deviations."""
    dates = [date - datetime.timedelta(days=back) for back in range(days - 1, -1, -1)]
    beside = series.get((BESIDE.get(key[0], ""), key[1]), [])
    marked = {day: severity for day, severity in flags.get(key, {}).items() if dates[0] <= day <= date}
    return Panel(
        *key,
        dates,
        _on(dates, series.get(key, [])),
        _on(dates, beside),
        band(series.get(key, []), key[0], date, deviations),
        marked,
    )


def _on(dates: list[datetime.date], points: Iterable[Point]) -> list[float | None]:
    values = dict(points)
    return [values.get(date) for date in dates]


def band(points: list[Point], metric: str, date: datetime.date, deviations: float) -> Band | None:
    """Where the rules find nothing to say of a value of ``date``; None where they do not look, or nothing is usual yet."""
    declared, normal = words.metric_of(metric), usual(points, date)
    if normal is None or not declared.watched:
        return None
    enough, apart = least(declared, normal), deviations * normal.spread
    low = min(normal.low - enough, normal.centre - max(apart, enough))
    return Band(normal.centre, max(low, 0.0), max(normal.high + enough, normal.centre + max(apart, enough)))


def extent(values: Iterable[float | None], most: float = math.inf) -> tuple[float, float]:
    """From where to where values are drawn: from 0, but for those that hardly move, of which a fifth is shown.

    Drawn from the smallest to the largest, noise would look like drama. Nothing is above ``most``.
    """
    known = [value for value in values if value is not None]
    low, high = min(known, default=0.0), max(known, default=1.0)
    if low < 0.75 * high or high <= 0:
        low = min(low, 0.0)
    else:
        middle, half = (low + high) / 2, max(high - low, 0.2 * high) / 2
        low, high = middle - half, middle + half
        low, high = (low, high) if high <= most else (most - 2 * half, most)
    return low, high if high > low else low + 1.0
