"""What is usual for a figure, from its own last days: a median and a robust deviation."""

import dataclasses
import datetime
from collections.abc import Sequence
from statistics import fmean, median

from jobs.health.monitoring.series import Point

WINDOW = 28  # days that are looked back
FEWEST = 7  # days from which there is something usual at all
WEEKDAYS = 4  # of one weekday, from which it is held against its own kind
PATTERN = 0.6  # of the distance from all days' median: a weekday's own is that much nearer where there is one
SHOWN = 5
NORMAL = 1.4826  # standard deviations of a normal distribution in its median absolute deviation


@dataclasses.dataclass(frozen=True)
class Usual:
    """``centre`` is the median, ``spread`` the deviation (as a standard deviation); ``low`` and ``high`` bound what
    came more than now and then.
    """

    centre: float
    spread: float
    low: float
    high: float
    days: int
    last: tuple[float, ...]  # the newest values, in order
    weekday: str = ""  # where all but the deviation is of one weekday


def usual(points: Sequence[Point], date: datetime.date) -> Usual | None:
    """Of the points before ``date``, in order of their dates; None where they are too few.

    Where the week has a pattern and there are ``WEEKDAYS`` values of the date's weekday, it is held against these;
    the deviation is that of all days from the median of their own weekday (four values alone would say little of
    it). Else all days count as one, and what came once a week is within the bounds.
    """
    since = date - datetime.timedelta(days=WINDOW)
    recent = [(day, value) for day, value in points if since <= day < date]
    if len(recent) < FEWEST:
        return None
    values = [value for _, value in recent]
    last = tuple(values[-SHOWN:])
    alike = [value for day, value in recent if day.weekday() == date.weekday()]
    apart = weekly(recent) if len(alike) >= WEEKDAYS else []
    if apart:
        return Usual(median(alike), deviation(apart), *within(alike, 1), len(alike), last, f"{date:%A}s")
    return Usual(median(values), deviation(values), *within(values, len(values) // 7 - 1), len(values), last)


def weekly(recent: Sequence[Point]) -> list[float]:
    """How far each value lies from its weekday's median; empty where that is not much less than from all days'."""
    groups = [[value for day, value in recent if day.weekday() == weekday] for weekday in range(7)]
    # A median of few lies too close to them.
    few = max(map(len, groups)) / (max(map(len, groups)) - 1)
    apart = [few**0.5 * (value - median(group)) for group in groups if group for value in group]
    centre = median(value for _, value in recent)
    from_all = fmean(abs(value - centre) for _, value in recent)
    return apart if fmean(map(abs, apart)) < PATTERN * from_all else []


def within(values: Sequence[float], dropped: int) -> tuple[float, float]:
    """The extremes, with so many left out at either end."""
    ordered = sorted(values)
    return ordered[dropped], ordered[-1 - dropped]


def deviation(values: Sequence[float]) -> float:
    """The standard deviation that the median absolute deviation stands for."""
    centre = median(values)
    return NORMAL * median(abs(value - centre) for value in values)
