"""Who and what exists on a day.

Ids ascend from 1 without a gap. The base was there before ``EPOCH``; from then on every day brings one
or two users and two to four tracks, so that a day's totals need no look at the days before it.
"""

import datetime

import numpy as np

EPOCH = datetime.date(2026, 9, 1)
BASE_USERS = 1000
BASE_TRACKS = 3000
# The base is stamped between these days; earlier than the last of them there is nothing to serve.
BASE_FROM = datetime.date(2019, 1, 1)
EARLIEST = datetime.date(2026, 1, 1)
LATEST = datetime.date(2099, 12, 31)
HISTORY_DAYS = 60


def _days_after_epoch(day: datetime.date) -> int:
    return max(0, (day - EPOCH).days)


def users_by(day: datetime.date) -> int:
    """How many users there are at the end of the day."""
    return BASE_USERS + _days_after_epoch(day) * 3 // 2


def tracks_by(day: datetime.date) -> int:
    """How many tracks there are at the end of the day."""
    days = _days_after_epoch(day)
    return BASE_TRACKS + 3 * days + days % 2


def arrivals(totals: list[int]) -> np.ndarray:
    """The day on which each id came: days after EPOCH (int, one per id), 0 for the base.

    Args:
        totals: the highest id at the end of EPOCH and of every day after it.
    """
    return np.searchsorted(totals, np.arange(1, totals[-1] + 1))


def user_arrivals(as_of: datetime.date) -> np.ndarray:
    return arrivals([users_by(EPOCH + datetime.timedelta(days=n)) for n in range(_days_after_epoch(as_of) + 1)])


def track_arrivals(as_of: datetime.date) -> np.ndarray:
    return arrivals([tracks_by(EPOCH + datetime.timedelta(days=n)) for n in range(_days_after_epoch(as_of) + 1)])


def history_start(as_of: datetime.date) -> datetime.date:
    """First day of the history served: 60 to 91 days back, always the first of a month.

    So the oldest month leaves at once, on one day of each month, and on all other days history only grows.
    """
    return (as_of - datetime.timedelta(days=HISTORY_DAYS)).replace(day=1)
