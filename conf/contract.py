"""The API's contract: what each entity's rows hold. Fetching and cleaning both read it.

A field's ``kind`` says how it is checked and what it becomes:

========== ============================== =========== ==============================================
kind       as served (JSON)               becomes     malformed when
========== ============================== =========== ==============================================
id         number                         bigint      not from 0 to 2**63 - 1
text       string                         string      half of a surrogate pair; blank, where required
timestamp  string, ISO 8601               timestamp   no such moment, or after the fetch
duration   string, ``MM:SS``              int (s)     not minutes and 00 to 59 seconds
email      string                         string      not ``name@host.domain``
ids        array of numbers               bigints     empty, where required
========== ============================== =========== ==============================================
"""

import dataclasses
from typing import Literal

Kind = Literal["id", "text", "timestamp", "duration", "email", "ids"]

# What a kind becomes in a table.
TYPES: dict[Kind, str] = {
    "id": "bigint",
    "text": "string",
    "timestamp": "timestamp",
    "duration": "int",
    "email": "string",
    "ids": "array<bigint>",
}
# JSON types by kind, as JSON names them.
JSON_TYPES: dict[Kind, str] = {
    "id": "number",
    "text": "string",
    "timestamp": "string",
    "duration": "string",
    "email": "string",
    "ids": "array",
}


@dataclasses.dataclass(frozen=True)
class Field:
    """One field of a row as served; ``required`` ones may be neither null nor empty."""

    name: str
    kind: Kind
    required: bool = True
    column: str = ""
    personal: bool = False
    comment: str = ""

    @property
    def target(self) -> str:
        """Column of the table that the field becomes."""
        return self.column or self.name


@dataclasses.dataclass(frozen=True)
class Entity:
    """One endpoint of the API.

    ``key`` names the fields that tell rows apart; ``references`` maps a field to the entity that
    must hold its value.
    """

    name: str
    path: str
    key: tuple[str, ...]
    fields: tuple[Field, ...]
    references: tuple[tuple[str, str], ...] = ()

    def field(self, name: str) -> Field:
        return next(field for field in self.fields if field.name == name)


TRACKS = Entity(
    name="tracks",
    path="/tracks",
    key=("id",),
    fields=(
        Field("id", "id", column="track_id"),
        Field("name", "text"),
        Field("artist", "text"),
        Field("songwriters", "text", required=False),
        Field("duration", "duration", column="duration_s", comment="seconds"),
        Field("genres", "text", required=False),
        Field("album", "text", required=False),
        Field("created_at", "timestamp"),
        Field("updated_at", "timestamp"),
    ),
)

USERS = Entity(
    name="users",
    path="/users",
    key=("id",),
    fields=(
        Field("id", "id", column="user_id"),
        Field("first_name", "text", personal=True),
        Field("last_name", "text", personal=True),
        Field("email", "email", personal=True),
        Field("gender", "text", required=False),
        Field("favorite_genres", "text", required=False),
        Field("created_at", "timestamp"),
        Field("updated_at", "timestamp"),
    ),
)

LISTENS = Entity(
    name="listen_history",
    path="/listen_history",
    key=("user_id", "created_at"),
    fields=(
        Field("user_id", "id"),
        Field("items", "ids", column="track_id"),
        Field("created_at", "timestamp", column="listened_at"),
        Field("updated_at", "timestamp"),
    ),
    references=(("user_id", "users"), ("items", "tracks")),
)

ENTITIES: dict[str, Entity] = {entity.name: entity for entity in (TRACKS, USERS, LISTENS)}

UNKNOWN = {"users": "unknown_user", "tracks": "unknown_track"}  # the rule that a reference to nothing breaks


def is_of_a_play(reason: str) -> bool:
    """Whether a play breaks the rule for itself, and not its history row with all of its plays."""
    return reason == UNKNOWN["tracks"] or reason.startswith("items_")
