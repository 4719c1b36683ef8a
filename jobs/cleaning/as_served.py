"""A row's text as quarantine keeps it: as it was served, to the letter, but for what must not be shown. Plain Python."""

from collections.abc import Iterable

from conf.contract import Entity
from jobs.cleaning.members import Part, items, members

HIDDEN = '"***"'

Change = tuple[Part, str]


def served(text: str, entity: Entity, position: int | None = None) -> str:
    """Numbers, white space and repeated names stay as they were written.

    Of an entity with personal fields only the values of its other fields are shown: a field that the contract does not
    know may hold anything, and so may a text that is no object.

    Args:
        position: of a history row, the item that alone is kept of its items.
    """
    personal = any(field.personal for field in entity.fields)
    try:
        parts = members(text)
    except (ValueError, RecursionError):
        return HIDDEN if personal else text
    if personal:
        return _hidden(text, parts, entity)
    return text if position is None else _with_one_item(text, parts, position)


def _hidden(text: str, parts: list[Part], entity: Entity) -> str:
    shown = {field.name for field in entity.fields if not field.personal}
    # What stands behind the object may hold anything too.
    end = text.index("}", parts[-1].end if parts else 0) + 1
    return _changed(text[:end], [(part, HIDDEN) for part in parts if part.name not in shown])


def _with_one_item(text: str, parts: list[Part], position: int) -> str:
    found = [part for part in parts if part.name == "items"][-1:]  # of a repeated name the last counts
    lists = [part for part in found if isinstance(part.value, list)]
    changes = [(part, _texts(text, items(text, part.begin)[position : position + 1])) for part in lists]
    return _changed(text, changes)


def _texts(text: str, parts: list[Part]) -> str:
    return "[" + ", ".join(text[part.begin : part.end] for part in parts) + "]"


def _changed(text: str, changes: Iterable[Change]) -> str:
    kept, at = [], 0
    for part, new in changes:
        kept += [text[at : part.begin], new]
        at = part.end
    return "".join([*kept, text[at:]])
