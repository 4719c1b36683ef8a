"""What the figures of conf/figures are called in Prometheus, by its conventions.

https://prometheus.io/docs/practices/naming/: a prefix, the thing, the base unit last. All of them are gauges, since each
is a day's own figure; ``_total`` is for counters alone. A share becomes a ratio. An age becomes the time that it counts
from: a time stays right when nobody records it any more, and ``time() - …`` is the age at any moment. What is counted in
days is a count.
"""

import datetime

from conf.figures.metric import Metric
from conf.sql_text import midnight

PREFIX = "moovitamix_"
SUFFIXES = {"share": "_ratio", "seconds": "_seconds", "bytes": "_bytes"}
DAY = 86_400


def name(metric: Metric, variant: str = "") -> str:
    """``moovitamix_<thing>[_<variant>][_<unit>]``; a variant is said before the unit."""
    if is_age(metric):
        return f"{PREFIX}{metric.exported_as}_timestamp_seconds"
    stem = metric.exported_as or metric.name.removesuffix("_share")
    return PREFIX + stem + (f"_{variant}" if variant else "") + SUFFIXES.get(metric.unit, "")


def help_text(metric: Metric) -> str:
    """One line for HELP: what conf/figures says, as a sentence."""
    text = metric.happened or metric.help
    return text[0].upper() + text[1:] + "."


def exported(metric: Metric, date: datetime.date, value: float) -> float:
    """A figure recorded for a date, in the unit of its name."""
    return timestamp(date) - value * DAY if is_age(metric) else value


def is_age(metric: Metric) -> bool:
    return bool(metric.happened)


def timestamp(date: datetime.date) -> float:
    """The date's first second, UTC, since the epoch."""
    return midnight(date).timestamp()
