"""What the application asks of the data, whoever keeps them: a store lends one published day at a time."""

import datetime
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Any, Literal, Protocol, cast

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
    available: Annotated[bool, Field(description="false: the service had it once, and not on the served day")]


TRACK = tuple(name for name in Track.__annotations__ if name != "available")  # columns of the table of tracks
TEXTS = tuple(name for name in TRACK if TRACKS.column(name).type == "string")


def track_of(row: Mapping[str, Any]) -> Track:
    """A row of the table of tracks as answers have it: a text is never null, a length of 0 is one that is not known."""
    values = {name: row[name] for name in TRACK}
    texts = {name: row[name] or "" for name in TEXTS}
    return cast(Track, {**values, **texts, "duration_s": row["duration_s"] or None, "available": row["available"]})


class Listed(TypedDict):
    rank: Annotated[int, Field(ge=1)]
    score: Annotated[float, Field(description="als: preference, about 0 to 1; popular: plays in the last days")]
    track: Track
    because: Annotated[list[Track], Field(description="heard tracks that contributed most; none for popularity")]


Why = Literal["", "all_heard", "no_tracks", "left", "unknown"]


class Listing(TypedDict):
    """A user is ``known`` whom the day's snapshot held, also where the list has no track.

    ``source``: als or popular, empty for a list of no tracks; ``model_version`` is empty where no model made the list.
    ``why`` the list is not as long or not as personal as usual:

    - ``all_heard``: the user heard every track that is not in it,
    - ``no_tracks``: the catalogue had none,
    - ``left``: an earlier snapshot held the user, that of the day did not,
    - ``unknown``: no snapshot up to the day held the user.
    """

    known: bool
    source: str
    model_version: str
    why: Why
    recommendations: list[Listed]


def listing(listed: list[Listed], made: tuple[str, str], missing: bool) -> Listing:
    """A user's list with its source and model; ``missing``: it is shorter than it should be."""
    source, version = made
    return {
        "known": True,
        "source": source,
        "model_version": version,
        "why": "all_heard" if missing else "",
        "recommendations": listed,
    }


def without_list(present: bool | None, tracks: bool, popular: list[Listed]) -> Listing:
    """What a user without a row gets.

    Args:
        present: whether the day's snapshot held the user; None for one whom no snapshot held.
        tracks: whether the day's catalogue had any.
        popular: for those whom the snapshot did not hold.
    """
    if present:
        why: Why = "all_heard" if tracks else "no_tracks"
        return {"known": True, "source": "", "model_version": "", "why": why, "recommendations": []}
    why = "unknown" if present is None else "left"
    return {"known": False, "source": "popular", "model_version": "", "why": why, "recommendations": popular}


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
        """The first ``k`` of the user's list; whom the day's snapshot did not hold gets what is popular."""
        ...

    async def popular(self, k: int) -> list[Listed]:
        """The available tracks, those played most in the last days first."""
        ...

    async def history(self, user_id: int, limit: int) -> list[Play]:
        """Plays up to the end of the day, newest first."""
        ...

    async def track(self, track_id: int) -> Track | None: ...

    async def similar(self, track_id: int) -> list[Similar]:
        """The nearest available tracks by the day's model, nearest first."""
        ...

    async def search(self, text: str, limit: int) -> list[Track]:
        """Available tracks whose name and artist hold every word of the text, best first."""
        ...

    async def listeners(self, prefix: str, limit: int) -> list[int]:
        """Ids of known users that begin with these digits, those with a track in their list first; without digits, some."""
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
