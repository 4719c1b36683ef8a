"""Which of the recorded figures are drawn: tiles at the top, and a few panels for each group. Pure."""

import datetime

from conf.figures import GROUPS, shown_in
from jobs.health.monitoring.series import Key, Series
from jobs.health.reporting.panels import DAYS, Flags, Panel, panel

FEWEST = 10  # days drawn of a lake that is younger
MOST = 6  # panels of a group


def drawn(series: Series, date: datetime.date) -> int:
    """How many days are drawn: those since the first that is recorded, within limits."""
    first = min((points[0][0] for points in series.values()), default=date)
    return min(DAYS, max(FEWEST, (date - first).days + 1))


def tiles(series: Series, flags: Flags, date: datetime.date, deviations: float) -> list[Panel]:
    """The figures that stand at the top, those that have ever had a value."""
    days = drawn(series, date)
    return [panel(series, flags, key, date, deviations, days) for key in at_top() if series.get(key)]


def at_top() -> list[Key]:
    return [(metric.name, metric.tile_label) for metric in shown_in("tile")]


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
    order = {metric.name: metric.rank for metric in GROUPS[group] if "panel" in metric.places}
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
