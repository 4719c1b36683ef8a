"""The offsets of a zone, period by period, as Python's ``zoneinfo`` knows them."""

import datetime
import functools
import zoneinfo
from typing import NamedTuple

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
STEP = 86_400  # seconds: no zone has changed its clock twice within a day
DAYS = 20 * 366  # that are looked at: each change makes Spark's plan larger


class Period(NamedTuple):
    """From ``begin`` on, in seconds as the zone's clocks show them, they are ``offset`` seconds ahead of UTC."""

    begin: int
    offset: int | None


@functools.lru_cache
def periods(timezone: str, until: datetime.datetime) -> tuple[Period, ...]:
    """Of the years up to two days past a moment; what lies before and behind has no offset here.

    Of an hour that clocks show twice the first counts; in an hour that they leave out the offset before goes on.
    """
    zone, end = zoneinfo.ZoneInfo(timezone), int((until - EPOCH).total_seconds()) + 2 * STEP
    start = end - DAYS * STEP
    ahead = _ahead(zone, start)
    found = [Period(start - STEP, None), Period(start + ahead, ahead)]
    for begin in range(start, end, STEP):
        changed = _ahead(zone, begin + STEP)
        if changed != ahead:
            found.append(Period(_change(zone, begin, begin + STEP) + max(ahead, changed), changed))
            ahead = changed
    return (*found, Period(end + ahead, None))


def _change(zone: datetime.tzinfo, before: int, after: int) -> int:
    """The second from which on the later offset holds."""
    while after - before > 1:
        middle = (before + after) // 2
        if _ahead(zone, middle) == _ahead(zone, before):
            before = middle
        else:
            after = middle
    return after


def _ahead(zone: datetime.tzinfo, second: int) -> int:
    shown = (EPOCH + datetime.timedelta(seconds=second)).astimezone(zone).replace(tzinfo=datetime.UTC)
    return int((shown - EPOCH).total_seconds()) - second
