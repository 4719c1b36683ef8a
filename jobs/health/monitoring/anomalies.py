"""Which of a date's figures need attention: pure rules over the recorded series.

A figure is held against its limit (:mod:`jobs.health.monitoring.limits`), then, where it has a history, against what is
usual for it (:mod:`jobs.health.monitoring.usual`). Every finding says the value, what is allowed or usual, and the last values.
"""

import datetime
from collections.abc import Mapping

from conf.advice import typed
from conf.figures import METRICS
from conf.figures.metric import Metric
from conf.settings import Settings
from jobs.health.monitoring import limits, series
from jobs.health.monitoring.finding import Finding, Severity, in_order
from jobs.health.monitoring.series import DayFigures, Key, Point
from jobs.health.monitoring.units import shown, times
from jobs.health.monitoring.usual import Usual, usual

BEHIND = 3  # days on which the model has to lose to popularity before it is said


def findings(
    recorded: Mapping[Key, list[Point]],
    date: datetime.date,
    settings: Settings,
    root: str = ".",
    causes: Mapping[Key, str] | None = None,
) -> list[Finding]:
    """The date's findings, most pressing first; one for a metric and label. ``causes`` are known, and told with them."""
    figures = series.on(recorded, date)
    found = []
    for key, value in figures.items():
        metric = METRICS.get(key[0])
        if metric:
            judged = _judge(metric, key, value, recorded, figures, date, settings)
            if judged:
                severity, why = judged
                why = (causes or {}).get(key, why)
                found.append(_finding(metric, key[1], value, severity, why, date, root))
    return in_order(found)


def _judge(
    metric: Metric,
    key: Key,
    value: float,
    recorded: Mapping[Key, list[Point]],
    figures: DayFigures,
    date: datetime.date,
    settings: Settings,
) -> tuple[Severity, str] | None:
    """Severity and reason, where there is something to say."""
    history = recorded.get(key, [])
    normal = usual(history, date)
    limit = limits.broken(metric.name, value, settings, figures)
    if limit:
        why = limit.why
        if why.startswith("["):  # a setting's name
            words = "at most" if limit.beyond == "above" else "at least"
            why = f"allowed is {words} {shown(limit.bound(settings), metric.unit)} ({why})"
        return limit.severity, _join(why, metric, normal if metric.watched else None)
    special = {"rows_fetched": _fall, "live_ndcg": _behind}.get(metric.name)
    why = special(value, recorded, key, figures, date, settings) if special else ""
    if why:
        return "warning", _join(why, metric, normal)
    if metric.name == "live_ndcg" and _few(figures, settings):
        return None
    if normal and metric.watched and departs(metric, value, normal, settings.health.deviations):
        return "warning", _departure(metric, normal, settings.health.deviations)
    return None


def departs(metric: Metric, value: float, normal: Usual, deviations: float) -> bool:
    """Whether a value lies further from the usual than its deviations, and than what is never worth a word."""
    apart = value - normal.centre
    if metric.bad == "never" or (metric.bad == "high" and apart < 0) or (metric.bad == "low" and apart > 0):
        return False
    enough = least(metric, normal)
    outside = value > normal.high + enough or value < normal.low - enough
    return outside and abs(apart) > deviations * normal.spread


def least(metric: Metric, normal: Usual) -> float:
    """The smallest departure that is worth a word."""
    return max(metric.smallest, metric.tolerance * abs(normal.centre))


def _departure(metric: Metric, normal: Usual, deviations: float) -> str:
    allowed = max(deviations * normal.spread, least(metric, normal))
    return f"{_usual(metric, normal)}; it lies more than {shown(allowed, metric.unit)} from that"


def _usual(metric: Metric, normal: Usual) -> str:
    of = f"of {normal.days} {normal.weekday or 'days'}"
    last = ", ".join(shown(value, metric.unit) for value in normal.last)
    return f"usual is {shown(normal.centre, metric.unit)} (median {of}; the last days had {last})"


def _join(why: str, metric: Metric, normal: Usual | None) -> str:
    return f"{why}; {_usual(metric, normal)}" if normal else why


def _fall(
    value: float,
    recorded: Mapping[Key, list[Point]],
    key: Key,
    figures: DayFigures,
    date: datetime.date,
    settings: Settings,
) -> str:
    """An API that keeps its history serves no fewer rows than on the day before: seen from the second day on."""
    earlier = series.before(recorded, key, date, days=7)
    if not earlier or value >= (1 - settings.health.max_fall) * earlier[-1][1]:
        return ""
    day, rows = earlier[-1]
    return f"on {day} it was {rows:,.0f}, and they may fall by {settings.health.max_fall:.0%} ([health] max_fall)"


def _behind(
    value: float,
    recorded: Mapping[Key, list[Point]],
    key: Key,
    figures: DayFigures,
    date: datetime.date,
    settings: Settings,
) -> str:
    """On one day chance decides; on all of several it does not."""
    span = settings.evaluate.window_days - 1
    ours = [*series.before(recorded, key, date, span), (date, value)]
    theirs = dict(recorded.get(("live_ndcg_popularity", ""), []))
    users = dict(recorded.get(("live_users", ""), []))
    judged = [
        (ndcg, theirs[day] * settings.retrain.min_lift)
        for day, ndcg in ours
        if day in theirs and users.get(day, 0) >= settings.evaluate.min_users
    ]
    if len(judged) < BEHIND or any(ndcg >= popularity for ndcg, popularity in judged):
        return ""
    return (
        f"popularity had {theirs[date]:.4f}, and was better on each of the last {len(judged)} days that were measured"
    )


def _few(figures: DayFigures, settings: Settings) -> bool:
    return figures.get(("live_users", ""), 0) < settings.evaluate.min_users


def _finding(
    metric: Metric, label: str, value: float, severity: Severity, why: str, date: datetime.date, root: str
) -> Finding:
    template = metric.says or f"{metric.name} of {{label}} is {{value}}"
    headline = template.format(label=label, value=shown(value, metric.unit), times=times(value))
    command = typed(metric.command.format(date=date, label=label, root=root))
    return Finding(metric.name, label, severity, f"{headline}: {why}", command)
