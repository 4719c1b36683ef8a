"""The parts of a JSON text with the places where they stand, so that a part can be replaced and the rest kept.

The text is read as :func:`jobs.cleaning.judge.read` reads it. Plain Python.
"""

from collections.abc import Iterator
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any, NamedTuple

from jobs.cleaning.judge import WHITE_SPACE, decoder


class Part(NamedTuple):
    """A member of an object, or an item of an array, whose ``name`` is empty; ``text[begin:end]`` is its value."""

    name: str
    value: Any
    begin: int
    end: int


def members(text: str) -> list[Part]:
    """The members of the object with which the text begins, repeated names as often as they come.

    Raises:
        ValueError: it begins with something else.
        RecursionError: a value is nested too deep.
    """
    return list(_parts(text, _skip(text, 0), "{", "}"))


def items(text: str, begin: int) -> list[Part]:
    """The items of the array that begins at ``begin``; raises as :func:`members` does."""
    return list(_parts(text, begin, "[", "]"))


def _parts(text: str, at: int, opening: str, closing: str) -> Iterator[Part]:
    read = decoder().raw_decode
    at = _skip(text, _after(text, at, opening))
    if text.startswith(closing, at):
        return
    while True:
        name = ""
        if opening == "{":
            name, at = scanstring(text, _after(text, at, '"'))
            at = _skip(text, _after(text, _skip(text, at), ":"))
        value, end = read(text, at)
        yield Part(name, value, at, end)
        at = _skip(text, end)
        if text.startswith(closing, at):
            return
        at = _skip(text, _after(text, at, ","))


def _after(text: str, at: int, sign: str) -> int:
    if not text.startswith(sign, at):
        raise ValueError(f"no {sign} at character {at}")
    return at + 1


def _skip(text: str, at: int) -> int:
    while text[at : at + 1] in WHITE_SPACE and at < len(text):
        at += 1
    return at
