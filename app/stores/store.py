"""What the application asks of the data, whoever keeps them: a store lends one published day at a time."""

import datetime
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Any, Protocol, cast

from pydantic import Field
from typing_extensions import TypedDict  # typing's own is not enough for pydantic before Python 3.12

from conf.tables import TRACKS

MAX_ID = 2**63 - 1


class Track(TypedDict):
    """A track as every answer names it."""

    track_id: int
    name: str
    artist: str
    album: str
    genres: str
    duration_s: Annotated[int | None, Field(description="seconds; null where it is not known")]


TRACK = tuple(Track.__annotations__)  # columns of the table of tracks
TEXTS = tuple(name for name in TRACK if TRACKS.column(name).type == "string")


def track_of(row: Mapping[str, Any]) -> Track:
    """A row of the table of tracks as answers have it: a text is never null, a length of 0 is one that is not known."""
    values = {name: row[name] for name in TRACK}
    texts = {name: row[name] or "" for name in TEXTS}
    return cast(Track, {**values, **texts, "duration_s": row["duration_s"] or None})


class Listed(TypedDict):
    rank: Annotated[int, Field(ge=1)]
    score: Annotated[float, Field(description="als: preference, about 0 to 1; popular: plays in the last days")]
    track: Track
    because: Annotated[list[Track], Field(description="heard tracks that contributed most; none for popularity")]


class Listing(TypedDict):
    """``source``: als or popular; ``model_version`` is empty where no model made the list."""

    known: bool
    source: str
    model_version: str
    recommendations: list[Listed]


class Play(TypedDict):
    listened_at: Annotated[datetime.datetime, Field(description="UTC")]
    track: Track


class Similar(TypedDict):
    score: Annotated[float, Field(description="cosine of the two tracks' factors")]
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
