"""The contract as OpenAPI shows it. Rows are served unchecked: a few are spoiled on purpose."""

from typing import Generic, TypeVar

from pydantic import BaseModel, Field

Row = TypeVar("Row")
STAMP = "ISO 8601 without a zone (UTC), with microseconds or without"


class CatalogueTrack(BaseModel):
    """One track of the catalogue."""

    id: int = Field(examples=[42])
    name: str = Field(examples=["Chasing the Lantern"])
    artist: str = Field(examples=["The Velvet Foxes"])
    songwriters: str = Field(description="comma text", examples=["Nina Berg, Omar Costa"])
    duration: str = Field(description="MM:SS", examples=["03:41"])
    genres: str = Field(description="comma text", examples=["folk, acoustic"])
    album: str = Field(examples=["Silent Harbour"])
    created_at: str = Field(description=STAMP, examples=["2023-05-04T10:11:12"])
    updated_at: str = Field(description=STAMP, examples=["2024-01-02T03:04:05.678901"])


class User(BaseModel):
    """One listener."""

    id: int = Field(examples=[7])
    first_name: str = Field(examples=["Nina"])
    last_name: str = Field(examples=["Berg"])
    email: str = Field(examples=["nina.berg7@example.net"])
    gender: str = Field(examples=["Female"])
    favorite_genres: str = Field(description="comma text", examples=["folk, jazz, acoustic"])
    created_at: str = Field(description=STAMP)
    updated_at: str = Field(description=STAMP)


class ListenHistory(BaseModel):
    """One listening session, listed once it has ended."""

    user_id: int | None = Field(examples=[7])
    items: list[int] | None = Field(description="track ids in playing order", examples=[[42, 3, 1207]])
    created_at: str = Field(description=f"start of the session, {STAMP}")
    updated_at: str = Field(description=f"start of its last play, {STAMP}")


class ServedPage(BaseModel, Generic[Row]):
    """One page of all rows; beyond the last page ``items`` is empty."""

    items: list[Row]
    total: int = Field(description="rows on all pages")
    page: int = Field(description="this page, from 1")
    size: int = Field(description="rows a page, at most")
    pages: int = Field(description="number of pages")


class AsOf(BaseModel):
    """Where the API's present stands."""

    as_of: str = Field(examples=["2026-11-22"])
    listen_history: int = Field(description="rows of history at the end of that day")
