"""The users who asked to be forgotten: keyed hashes of their ids, by which they are kept out of later snapshots.

``_suppressed.json`` of a lake holds HMAC-SHA256 (RFC 2104) of each id under ``[lake] suppression_key``, and no id: without
the key nobody can try which ids it names. What fetches asks it of every row; what cleans needs the key only where a raw
folder was not held against the list as it stands (:func:`digest`).
"""

import dataclasses
import functools
import hashlib
import hmac
import json
import os
from collections.abc import Iterable
from typing import Any

from conf.contract import LISTENS, USERS, Entity
from conf.errors import BadSetting
from conf.settings import VARIABLE_OF_KEY, suppression_key
from lake import files
from lake.layout import suppression_file

PROBE = "moovitamix: is this the key of the list?"
FIELDS = {USERS.name: "id", LISTENS.name: "user_id"}  # where an entity's rows name a user
SHORTEST = 16  # characters of a key


@dataclasses.dataclass(frozen=True)
class Suppression:
    """The list of a lake; ``key`` is empty where it has not been asked for."""

    users: frozenset[str] = frozenset()
    key: str = dataclasses.field(default="", repr=False)

    def holds(self, entity: Entity, row: Any) -> bool:
        """Whether a row of the API is of a user on the list."""
        return bool(self.users) and (found := user_of(entity, row)) is not None and self._hash(found) in self.users

    @functools.cached_property
    def _hash(self) -> Any:
        return functools.lru_cache(maxsize=100_000)(functools.partial(hashed, self.key))

    @property
    def digest(self) -> str:
        """What names this list among others; empty for one that names nobody."""
        return hashlib.sha256("\n".join(sorted(self.users)).encode()).hexdigest()[:16] if self.users else ""


def hashed(key: str, user_id: int) -> str:
    return hmac.new(key.encode(), str(user_id).encode(), hashlib.sha256).hexdigest()


def user_of(entity: Entity, row: Any) -> int | None:
    """The id that a row names, however it is spelt (17, "17", 17.0); None where there is none."""
    value = row.get(FIELDS.get(entity.name, "")) if isinstance(row, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return int(value) if not isinstance(value, float) or value.is_integer() else None
    except (ValueError, OverflowError):
        return None


def units(row: Any) -> int:
    """What cleaning would count a row as: its plays, at least one."""
    items = row.get("items") if isinstance(row, dict) else None
    return max(1, len(items)) if isinstance(items, list) else 1


def listed(root: str | os.PathLike) -> Suppression:
    """The lake's list without its key: whom it names cannot be told, but which list it is."""
    return Suppression(frozenset(_read(root).get("people", ())))


def load(root: str | os.PathLike) -> Suppression:
    """The lake's list with its key; a lake without one needs none.

    Raises:
        BadSetting: the key is missing, or is not the one that the list was made with.
    """
    stored = _read(root)
    if not stored.get("people"):
        return Suppression()
    key = require_key(f"{suppression_file(root)} names {len(stored['people'])} who asked to be forgotten")
    if not hmac.compare_digest(_probe(key), stored["key"]):
        raise BadSetting(
            f"[lake] suppression_key: found another key (not shown) than {suppression_file(root)} was made with; "
            f"required in {VARIABLE_OF_KEY} is the same one"
        )
    return Suppression(frozenset(stored["people"]), key)


def require_key(why: str) -> str:
    """
    Raises:
        BadSetting: there is none, or it is too short.
    """
    key = suppression_key()
    if len(key) < SHORTEST:
        found = "none" if not key else f"{len(key)} characters"
        raise BadSetting(
            f"[lake] suppression_key: found {found}, required are at least {SHORTEST} characters, since {why}; set "
            f"{VARIABLE_OF_KEY}, or {VARIABLE_OF_KEY}_FILE to a file that holds it (openssl rand -hex 32 makes one)"
        )
    return key


def add(root: str | os.PathLike, key: str, users: Iterable[str]) -> Suppression:
    """Put hashes on the list; the file is replaced whole."""
    known = listed(root).users | frozenset(users)
    stored = {"key": _probe(key), "people": sorted(known)}
    files.write(suppression_file(root), (json.dumps(stored, indent=1) + "\n").encode(), private=True)
    return Suppression(known, key)


def _probe(key: str) -> str:
    return hmac.new(key.encode(), PROBE.encode(), hashlib.sha256).hexdigest()


def _read(root: str | os.PathLike) -> dict[str, Any]:
    try:
        return dict(json.loads(files.read(suppression_file(root))))
    except FileNotFoundError:
        return {}
