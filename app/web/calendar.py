"""Whether the day that is served is the one that is due."""

import datetime
from collections.abc import Callable
from typing import TypedDict

from app.stores.store import PublishedDay


class Published(TypedDict):
    date: datetime.date
    model_version: str
    stale: bool
    expected_date: datetime.date


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


class Calendar:
    """The lists of a day are due ``due_hours`` after its end; ``clock`` gives the time (UTC)."""

    def __init__(self, due_hours: float, clock: Callable[[], datetime.datetime] = now) -> None:
        self._wait, self._clock = datetime.timedelta(days=1, hours=due_hours), clock

    def expected(self) -> datetime.date:
        return (self._clock() - self._wait).date()

    def published(self, day: PublishedDay) -> Published:
        """What every answer says of where it comes from."""
        expected = self.expected()
        return {
            "date": day.date,
            "model_version": day.model_version,
            "stale": day.date < expected,
            "expected_date": max(expected, day.date),
        }
