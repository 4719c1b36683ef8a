"""Whether the rows still are what the contract says, counted by field and JSON type."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from conf.contract import JSON_TYPES, Entity, Field
from tasks.api.api_errors import ContractDrift

NAMES = {dict: "object", list: "array", str: "string", bool: "boolean", int: "number", float: "number"}
MOST_FIELDS = 1000  # names that are counted; a hostile API could send a new one in each row
MOST_LETTERS = 1_000_000  # of all names together
ABSENT = "absent"


class Fields:
    """Counts of JSON types by field name over all rows."""

    def __init__(self) -> None:
        self._types: dict[str, Counter[str]] = {}
        self._letters = 0

    def add(self, rows: Iterable[Any]) -> None:
        """Column by column: most rows of a page have the same fields. A row that is no object has none."""
        alike: dict[tuple[str, ...], list[Iterable[Any]]] = {}
        for row in rows:
            if type(row) is dict:
                alike.setdefault(tuple(row), []).append(row.values())
        for names, values in alike.items():
            for name, column in zip(names, zip(*values, strict=True), strict=True):
                if name in self._types or self._has_room(name):
                    self._count(name, column)

    def _has_room(self, name: str) -> bool:
        fits = len(self._types) < MOST_FIELDS and self._letters + len(name) <= MOST_LETTERS
        self._letters += len(name) if fits else 0
        return fits

    def _count(self, name: str, column: tuple[Any, ...]) -> None:
        counts = self._types.setdefault(name, Counter())
        types: Counter[Any] = Counter(map(type, column))
        if list in types:
            types = Counter(map(_type_of, column))
        for kind, count in types.items():
            counts[_type_name(kind)] += count

    def counts(self) -> dict[str, dict[str, int]]:
        """Rows by field and JSON type."""
        return {name: dict(sorted(types.items())) for name, types in sorted(self._types.items())}


def _type_of(value: Any) -> Any:
    """The type; for an array with elements the name of their common type too."""
    if type(value) is not list or not value:
        return type(value)
    elements = {_type_name(kind) for kind in set(map(type, value))}
    return f"array of {elements.pop() if len(elements) == 1 else 'mixed'}"


def _type_name(kind: Any) -> str:
    return kind if isinstance(kind, str) else NAMES.get(kind, "null")


def check_contract(entity: Entity, rows: int, counts: dict[str, dict[str, int]]) -> None:
    """Hold what was counted against the contract.

    A field that may be null may be null in all rows; a required one that is null counts as bad.

    Raises:
        ContractDrift: in more than half of the rows a field is absent or has another type.
    """
    for field in entity.fields:
        found = Counter(counts.get(field.name, {}))
        found[ABSENT] = rows - found.total()
        bad = Counter({kind: count for kind, count in found.items() if count and not _is_expected(field, kind)})
        if 2 * bad.total() > rows:
            kinds = " or ".join(kind for kind, _ in bad.most_common())
            raise ContractDrift(
                f"{entity.name}.{field.name}: found {kinds} in {bad.total()} of {rows} rows, expected {_expected(field)}; "
                "see what changed in the API, then change conf/contract.py with it"
            )


def new_fields(entity: Entity, counts: dict[str, dict[str, int]]) -> tuple[str, ...]:
    """Names that the contract does not know."""
    return tuple(sorted(counts.keys() - {field.name for field in entity.fields}))


def _expected(field: Field) -> str:
    return (
        JSON_TYPES[field.kind] + (" of number" if field.kind == "ids" else "") + ("" if field.required else " or null")
    )


def _is_expected(field: Field, kind: str) -> bool:
    if kind == "null":
        return not field.required
    if field.kind == "ids":
        return kind in ("array", "array of number", "array of mixed")
    return kind == JSON_TYPES[field.kind]
