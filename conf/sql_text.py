"""Pieces of SQL that Spark, DataFusion (``deltalake``) and PostgreSQL read alike."""

import datetime
from collections.abc import Iterable, Mapping

Filter = tuple[str, str, object]  # column, operator, value; the operator ``in`` takes a list


def literal(value: object) -> str:
    """A value as SQL; a moment is UTC."""
    if isinstance(value, datetime.datetime):
        return f"TIMESTAMP '{value.isoformat()}'"
    if isinstance(value, datetime.date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value)


def midnight(date: datetime.date) -> datetime.datetime:
    """The moment at which a date begins, UTC."""
    return datetime.datetime.combine(date, datetime.time(), datetime.UTC)


def equal(values: Mapping[str, object], table: str = "") -> str:
    """``column = value AND …``; of a table's columns where it is named."""
    prefix = f"{table}." if table else ""
    return " AND ".join(f"{prefix}{name} = {literal(value)}" for name, value in values.items())


def where(filters: Iterable[Filter] | None) -> str:
    """`` WHERE …`` of filters that all have to hold; empty for none."""
    tests = []
    for column, operator, value in filters or []:
        if operator == "in":
            tests.append(f'"{column}" IN ({", ".join(map(literal, value))})')  # type: ignore[call-overload]
        else:
            tests.append(f'"{column}" {operator} {literal(value)}')
    return f" WHERE {' AND '.join(tests)}" if tests else ""


def limited(limit: int | None) -> str:
    return "" if limit is None else f" LIMIT {limit}"
