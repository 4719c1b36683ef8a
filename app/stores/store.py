"""What the application asks of the data, whoever keeps them: a store lends one published day at a time."""

import datetime
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypedDict

MAX_ID = 2**63 - 1


class Track(TypedDict):
    """A track as every answer names it; ``duration_s`` is None where it is not known."""

    track_id: int
    name: str
    artist: str
    album: str
    genres: str
    duration_s: int | None


class Listed(TypedDict):
    """``because``: tracks that the listener heard and that contributed most, most first; none for popularity."""

    rank: int
    score: float
    track: Track
    because: list[Track]


class Listing(TypedDict):
    """``source``: als or popular; ``model_version`` is empty where no model made the list."""

    known: bool
    source: str
    model_version: str
    recommendations: list[Listed]


class Play(TypedDict):
    listened_at: datetime.datetime
    track: Track


class Similar(TypedDict):
    score: float
    track: Track


class Live(TypedDict):
    """Live NDCG of a date's lists from the model, its 95 % interval, and popularity's for the same users."""

    date: datetime.date
    model_version: str
    ndcg: float
    low: float
    high: float
    popularity: float
    users: int


class DecisionRow(TypedDict):
    date: datetime.date
    step: str
    decision: str
    reason: str
    model_version: str


class ModelHealth(TypedDict):
    """``live`` from the oldest on; ``moves``: the newest promotion or rollback, if there was one, is the champion."""

    k: int
    live: list[Live]
    decisions: list[DecisionRow]
    champion: DecisionRow | None


class NoDay(Exception):
    """No day has been published yet."""


class Away(Exception):
    """What keeps the data does not answer."""


class PublishedDay(Protocol):
    """One published day. Whatever is asked of it, the answers belong together."""

    date: datetime.date
    model_version: str  # that made the day's lists; empty where popularity did
    users: int

    async def recommendations(self, user_id: int, k: int) -> Listing:
        """The first ``k`` of the user's list; who has none gets what is popular."""
        ...

    async def history(self, user_id: int, limit: int) -> list[Play]:
        """Plays up to the end of the day, newest first."""
        ...

    async def track(self, track_id: int) -> Track | None: ...

    async def similar(self, track_id: int) -> list[Similar]:
        """The nearest tracks by the day's model, nearest first."""
        ...

    async def search(self, text: str, limit: int) -> list[Track]:
        """Tracks whose name and artist hold every word of the text, best first."""
        ...

    async def listeners(self, prefix: str, limit: int) -> list[int]:
        """Ids of users with a list that begin with these digits; without digits, some."""
        ...

    async def health(self) -> ModelHealth: ...


class Store(Protocol):
    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def day(self) -> AbstractAsyncContextManager[PublishedDay]:
        """The newest published day.

        Raises:
            NoDay: there is none yet.
            Away: the data cannot be reached.
        """
        ...
