"""The contract as OpenAPI shows it. Rows are served unchecked: a few are spoiled on purpose."""

from typing import Any, Generic, TypeVar

from pydantic import BaseModel, Field, create_model

from conf.contract import JSON_TYPES, TRACKS, USERS, Entity

Row = TypeVar("Row")
STAMP = "ISO 8601 without a zone (UTC), with microseconds or without"


PYTHON: dict[str, type] = {"number": int, "string": str, "boolean": bool}
DESCRIPTIONS = {"timestamp": STAMP, "duration": "MM:SS"}
COMMA_TEXT = {"songwriters", "genres", "favorite_genres"}
EXAMPLES = {
    "name": "Chasing the Lantern",
    "artist": "The Velvet Foxes",
    "songwriters": "Nina Berg, Omar Costa",
    "duration": "03:41",
    "genres": "folk, acoustic",
    "album": "Silent Harbour",
    "first_name": "Nina",
    "last_name": "Berg",
    "email": "nina.berg7@example.net",
    "gender": "Female",
    "favorite_genres": "folk, jazz, acoustic",
    "created_at": "2023-05-04T10:11:12",
    "updated_at": "2024-01-02T03:04:05.678901",
}


def of_entity(name: str, entity: Entity, doc: str) -> type[BaseModel]:
    """A row of an entity, field by field as the contract has it."""
    fields: dict[str, Any] = {}
    for field in entity.fields:
        said = "comma text" if field.name in COMMA_TEXT else DESCRIPTIONS.get(field.kind)
        examples = [EXAMPLES[field.name]] if field.name in EXAMPLES else None
        fields[field.name] = (PYTHON[JSON_TYPES[field.kind]], Field(description=said, examples=examples))
    return create_model(name, __doc__=doc, **fields)


CatalogueTrack = of_entity("Track", TRACKS, "One track of the catalogue.")
User = of_entity("User", USERS, "One listener.")


class ListenHistory(BaseModel):
    """One listening session, listed once it has ended."""

    user_id: int | None = Field(examples=[7])
    items: list[int] | None = Field(description="track ids in playing order", examples=[[42, 3, 1207]])
    created_at: str = Field(description=f"start of the session, {STAMP}")
    updated_at: str = Field(description=f"start of its last play, {STAMP}")


class Page(BaseModel, Generic[Row]):
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
