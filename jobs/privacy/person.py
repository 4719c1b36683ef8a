"""Whom to look for: an id, and the e-mail addresses and names that stood beside it."""

import dataclasses
import functools
import re
from collections.abc import Iterable, Mapping
from typing import Any

from conf.contract import USERS, Entity
from jobs.cleaning.suppressed import parsed
from lake.suppression import user_of


@dataclasses.dataclass(frozen=True)
class Person:
    """``texts`` (e-mail addresses, full names) are theirs alone: what another listener or an artist has too is not here."""

    user_id: int
    texts: tuple[str, ...] = ()

    @functools.cached_property
    def digits(self) -> bytes:
        return str(self.user_id).encode()

    @functools.cached_property
    def needles(self) -> list[bytes]:
        """The texts as bytes, as they are and as JSON escapes them."""
        spelt = {form for text in self.texts for form in (text, _escaped(text))}
        return sorted(form.encode() for form in spelt)

    @functools.cached_property
    def named(self) -> re.Pattern[bytes]:
        """Places in a text that name the id: ``user_id = 17``, ``"user_id":17``, ``Listener 17``."""
        between = rb"""(?=\W)[\\"']{0,3} {0,2}[:=]{0,2} {0,2}[\\"']{0,3}"""
        return re.compile(rb"(?i)(user_id|user|listener)(" + between + rb")" + self.digits + rb"(?!\w|\.\d)")

    def theirs(self, entity: Entity, line: bytes) -> bool:
        """Whether a row of the API is the user's: by its id, or where it names nobody's, by its e-mail or name."""
        told = any(needle in line for needle in self.needles)
        if not told and self.digits not in line:
            return False
        found = user_of(entity, parsed(line))
        return told if found is None else found == self.user_id


def _escaped(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode()


def describe(user_id: int, rows: Iterable[Mapping[str, Any]], others: Iterable[str], artists: Iterable[str]) -> Person:
    """What names the user, from rows with e-mail and names.

    Args:
        others: e-mail addresses and full names of all other listeners.
        artists: names in the catalogue.
    """
    found = {text for row in rows for text in texts(row)}
    shared = found & set(others)
    public = {text for text in found - shared if any(text in artist for artist in artists)}
    return Person(user_id, tuple(sorted(found - shared - public)))


def texts(row: Mapping[str, Any]) -> list[str]:
    """E-mail address and full name of a row of users, as far as there are such."""
    values = [row.get(field.name) for field in USERS.fields if field.personal]
    first, last, email = (value.strip() if isinstance(value, str) else "" for value in values)
    return [*([f"{first} {last}"] if first and last else []), *([email] if "@" in email else [])]
