"""Rows as an API would serve them: values are JSON texts, so that a row can say ``1e2``, ``-0`` or one name twice."""

import dataclasses
import json
from typing import Any

Value = str | tuple[str, ...]  # the JSON text of a value; of a list, those of its items


@dataclasses.dataclass(frozen=True)
class Row:
    """An object with its members in the order in which they are served; ``bare`` is a row that is no object."""

    members: tuple[tuple[str, Value], ...] = ()
    bare: str = ""
    gap: str = " "  # white space behind each comma and colon

    @property
    def text(self) -> str:
        return self.bare or self.written(self.members)

    def written(self, members: tuple[tuple[str, Value], ...]) -> str:
        """The row with other members, in its own white space."""
        parts = [f"{json.dumps(name)}:{self.gap}{value_text(value)}" for name, value in members]
        return "{" + f",{self.gap}".join(parts) + "}"

    def value(self, name: str) -> Value | None:
        """Of a name that stands there twice the last."""
        return dict(self.members).get(name)

    def having(self, **values: Value) -> "Row":
        """The row with these values in place of its own."""
        return dataclasses.replace(self, members=tuple((name, values.get(name, value)) for name, value in self.members))

    def without(self, name: str) -> "Row":
        return dataclasses.replace(self, members=tuple(member for member in self.members if member[0] != name))

    def with_more(self, *members: tuple[str, Value]) -> "Row":
        return dataclasses.replace(self, members=(*self.members, *members))


def value_text(value: Value) -> str:
    return value if isinstance(value, str) else "[" + ", ".join(value) + "]"


def row(**values: Any) -> Row:
    """A row of plain values; a list stays one whose items can be told apart."""
    return Row(tuple((name, as_value(value)) for name, value in values.items()))


def as_value(value: Any) -> Value:
    return tuple(map(json.dumps, value)) if isinstance(value, list) else json.dumps(value)
