"""What is drawn of the recorded series: which figures, over which days, with which band and which days marked. Pure."""

import dataclasses
import datetime
import math
from collections.abc import Iterable, Mapping

from conf.health import GROUPS, Unit
from jobs.monitoring.anomalies import least
from jobs.monitoring.series import Key, Point, Series
from jobs.monitoring.usual import usual
from jobs.reporting import words

DAYS = 30  # drawn
FEWEST = 10  # of a lake that is younger
MOST = 6  # panels of a group

Flags = Mapping[Key, Mapping[datetime.date, str]]  # severity by date

# The figures of each group that are drawn where nothing is flagged, most important first.
ALWAYS = {
    "stability": ("step_success_share", "steps_failed", "steps_killed", "days_missing", "mail_failures"),
    "data": ("plays_of_day", "quarantined_share", "duplicate_share", "rows_fetched"),
    "performance": ("day_duration", "step_duration", "step_memory", "step_cpu"),
    "model": ("live_ndcg", "unknown_play_share", "coverage", "popular_share", "champion_age", "users_served"),
}
TILES: tuple[Key, ...] = (
    ("users_served", ""),
    ("live_ndcg", ""),
    ("plays_of_day", ""),
    ("quarantined_share", "listen_history"),
    ("unknown_play_share", ""),
    ("champion_age", ""),
    ("day_duration", ""),
    ("disk_free", ""),
)
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


def drawn(series: Series, date: datetime.date) -> int:
    """How many days are drawn: those since the first that is recorded, within limits."""
    first = min((points[0][0] for points in series.values()), default=date)
    return min(DAYS, max(FEWEST, (date - first).days + 1))


def tiles(series: Series, flags: Flags, date: datetime.date, deviations: float) -> list[Panel]:
    """The figures that stand at the top, those that have ever had a value."""
    days = drawn(series, date)
    return [panel(series, flags, key, date, deviations, days) for key in TILES if series.get(key)]


def charts(series: Series, flags: Flags, date: datetime.date, deviations: float) -> dict[str, list[Panel]]:
    """The panels of each group: flagged on the date first, then those that matter most, no more than fit."""
    days = drawn(series, date)
    return {
        group: [panel(series, flags, key, date, deviations, days) for key in chosen(series, flags, group, date)[:MOST]]
        for group in GROUPS
    }


def chosen(series: Series, flags: Flags, group: str, date: datetime.date) -> list[Key]:
    """The keys of a group that are worth drawing, in order.

    A count that has always been 0 is not, nor what only other days have (a training, a rule that is broken no more).
    """
    order = {name: place for place, name in enumerate(ALWAYS[group])}
    names = {metric.name for metric in GROUPS[group]}
    since = date - datetime.timedelta(days=DAYS - 1)
    recent = {
        key: {day: value for day, value in points if since <= day <= date}
        for key, points in series.items()
        if key[0] in names
    }
    flagged = [key for key in recent if date in flags.get(key, {})]
    usual = [
        key
        for key, values in recent.items()
        if key[0] in order
        and key not in flagged
        and (date in values or (values and not key[1]))
        and (any(values.values()) or key[0] in TAME)
    ]
    # Of a figure with labels the largest values first: the slowest step, the entity with most rows.
    usual.sort(key=lambda key: (order[key[0]], -recent[key].get(date, 0.0), key[1]))
    return sorted(flagged) + fair(usual)


TAME = ("live_ndcg", "quarantined_share")  # drawn even where all values are 0


def fair(keys: list[Key]) -> list[Key]:
    """The first of each figure before the second of any, so that one with many labels does not crowd out the rest."""
    seen: dict[str, int] = {}
    ranked = []
    for place, key in enumerate(keys):
        seen[key[0]] = seen.get(key[0], 0) + 1
        ranked.append((seen[key[0]], place, key))
    return [key for _, _, key in sorted(ranked)]


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
