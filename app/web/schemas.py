"""The answers as OpenAPI describes them. They are not run: answers are made of plain dictionaries."""

import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.stores.store import Listed, Play, Similar, Track, Why

TRACK: dict[str, Any] = {
    "track_id": 2371,
    "name": "Harbour in Corrine",
    "artist": "Verona Storms",
    "album": "Signal of the Mirror",
    "genres": "country, americana",
    "duration_s": 313,
    "available": True,
}
HEARD: dict[str, Any] = {
    **TRACK,
    "track_id": 915,
    "name": "Sudden Shadow",
    "artist": "Fragile Wolf",
    "album": "Harbour",
    "duration_s": 193,
}
PUBLISHED: dict[str, Any] = {"date": "2026-11-23", "model_version": "2", "stale": False, "expected_date": "2026-11-23"}


class Answer(BaseModel):
    """Which day and model an answer comes from."""

    date: datetime.date = Field(description="the published day that is served")
    model_version: str = Field(description="version in the registry; empty where popularity alone is served")
    stale: bool = Field(description="whether a newer day was due and is not there")
    expected_date: datetime.date = Field(description="the newest day that is due")


class Recommendations(Answer):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **PUBLISHED,
                    "user_id": 1,
                    "known": True,
                    "source": "als",
                    "why": "",
                    "recommendations": [{"rank": 1, "score": 0.5129, "track": TRACK, "because": [HEARD]}],
                }
            ]
        }
    )
    user_id: int
    known: bool = Field(description="false: nobody with this id is a listener of the day, and what is popular is given")
    source: str = Field(
        description="als: made by the model for this listener; popular: what others play; empty: no track"
    )
    why: Why = Field(
        description="all_heard: the listener heard all tracks that are not in the list; no_tracks: the catalogue is empty; "
        "left: a listener of earlier days; unknown: nobody has this id"
    )
    recommendations: list[Listed]


class History(Answer):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {**PUBLISHED, "user_id": 1, "plays": [{"listened_at": "2026-11-23T17:07:24+00:00", "track": HEARD}]}
            ]
        }
    )
    user_id: int
    plays: list[Play] = Field(description="newest first, up to the end of the day")


class TrackPage(Answer):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{**PUBLISHED, "track": TRACK, "similar": [{"score": 0.7181, "track": HEARD}]}]}
    )
    track: Track
    similar: list[Similar]


class Found(Answer):
    model_config = ConfigDict(json_schema_extra={"examples": [{**PUBLISHED, "q": "harbour", "tracks": [TRACK]}]})
    q: str
    tracks: list[Track]


class Listeners(Answer):
    model_config = ConfigDict(json_schema_extra={"examples": [{**PUBLISHED, "user_ids": [1, 10, 11]}]})
    user_ids: list[int]


class Health(Answer):
    model_config = ConfigDict(json_schema_extra={"examples": [{**PUBLISHED, "status": "ok", "users": 1118}]})
    status: str = Field(description="ok")
    users: int = Field(description="listeners with a list of the day")


class Problem(BaseModel):
    """RFC 9457."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"type": "about:blank", "title": "Not Found", "status": 404, "detail": "there is no track 7"}]
        }
    )
    type: str
    title: str
    status: int
    detail: str
