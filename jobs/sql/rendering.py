"""Rows as text: a table for people, CSV and JSON for programs.

CSV and JSON have every digit; timestamps are UTC, in ISO 8601; what is nested is JSON text.
"""

import csv
import datetime
import decimal
import io
import json
import math
from typing import Any

import pyarrow as pa
from prompt_toolkit.utils import get_cwidth

from conf.errors import Refused


def text(rows: pa.Table, form: str, at_most: int | None = None) -> str:
    """The rows in a form, lines ended. A table shows ``at_most`` so many rows and says so where there are more."""
    return {"csv": as_csv, "json": as_json}[form](rows) if form != "table" else as_table(rows, at_most)


def as_table(rows: pa.Table, at_most: int | None = None) -> str:
    """Columns under their names, numbers to the right, and how many rows there are; ``""`` where there are no columns."""
    if not rows.num_columns:
        return "ok\n"
    kept = rows if at_most is None else rows.slice(0, at_most)
    columns = [
        [name, *(_cell(value) for value in column.to_pylist())]
        for name, column in zip(rows.column_names, map(_narrowed, kept.columns), strict=True)
    ]
    widths = [max(map(get_cwidth, column)) for column in columns]
    right = [_is_number(column.type) for column in rows.columns]
    lines = [
        " | ".join(_padded(cell, width, to_right) for cell, width, to_right in zip(line, widths, right, strict=True))
        for line in zip(*columns, strict=True)
    ]
    lines.insert(1, "-+-".join("-" * width for width in widths))
    return "\n".join([*(line.rstrip() for line in lines), _count(rows.num_rows, at_most)]) + "\n"


def _count(found: int, at_most: int | None) -> str:
    if at_most is not None and found > at_most:
        return f"(the first {at_most:,} rows; CSV and JSON have all)"
    return f"({found:,} row{'' if found == 1 else 's'})"


def as_csv(rows: pa.Table) -> str:
    """A header and a line a row; null is empty."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(rows.column_names)
    for row in _values(rows):
        writer.writerow([json.dumps(value, ensure_ascii=False) if _is_nested(value) else value for value in row])
    return out.getvalue()


def as_json(rows: pa.Table) -> str:
    """A list of objects, one a line.

    Raises:
        Refused: two columns have one name.
    """
    names = rows.column_names
    if len(set(names)) < len(names):
        raise Refused(f"JSON needs a name of its own for each column, found {', '.join(names)}; name them with AS")
    lines = [json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) for row in _values(rows)]
    return "[" + ",\n ".join(lines) + "]\n"


def _values(rows: pa.Table) -> list[tuple]:
    """Rows of what JSON can hold."""
    return list(
        zip(*([_plain(value) for value in _narrowed(column).to_pylist()] for column in rows.columns), strict=True)
    )


def _narrowed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Floats of 32 bits as the shortest doubles that mean the same: 0.6, not 0.6000000238418579."""
    if not pa.types.is_float32(column.type):
        return column
    return pa.chunked_array(
        [[None if value is None else float(f"{value:.7g}") for value in column.to_pylist()]], pa.float64()
    )


def _plain(value: Any) -> Any:
    match value:
        case datetime.datetime():
            return value.isoformat().replace("+00:00", "Z")
        case datetime.date():
            return value.isoformat()
        case float() if not math.isfinite(value):
            return None
        case None | bool() | int() | float() | str():
            return value
        case decimal.Decimal():
            return float(value)
        case bytes():
            return value.hex()
        case dict():
            return {str(key): _plain(held) for key, held in value.items()}
        case list() if value and all(isinstance(pair, tuple) for pair in value):  # a map
            return {str(key): _plain(held) for key, held in value}
        case list():
            return [_plain(held) for held in value]
        case _:
            return str(value)


def _cell(value: Any) -> str:
    """A value as a person reads it, on one line; six digits of a fraction."""
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).lower()
        case datetime.datetime():
            return value.replace(tzinfo=None).isoformat(" ")
        case float() if math.isfinite(value) and abs(value) < 1e6:
            return f"{value:.6g}"
        case list() | dict() | bytes():
            plain = _plain(value)
            return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)
        case _:
            return str(value).replace("\n", "\\n")


def _is_nested(value: Any) -> bool:
    return isinstance(value, list | dict)


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)


def _padded(cell: str, width: int, to_right: bool) -> str:
    space = " " * (width - get_cwidth(cell))
    return space + cell if to_right else cell + space
