"""Arrow batches into PostgreSQL by COPY, one after another: memory does not grow with the rows."""

import io
from collections.abc import Iterable

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import sql
from pyarrow import csv

OPTIONS = csv.WriteOptions(include_header=False, quoting_style="needed")  # texts in quotes, null without


def copy(connection: psycopg.Connection, table: str, columns: list[str], batches: Iterable[pa.RecordBatch]) -> int:
    """Append the batches' columns, in their order, to the table's ``columns``; returns the rows."""
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(sql.Identifier(table), names)
    rows = 0
    with connection.cursor().copy(statement) as stream:
        for batch in batches:
            stream.write(encode(batch))
            rows += batch.num_rows
    return rows


def encode(batch: pa.RecordBatch) -> memoryview:
    """A batch as PostgreSQL reads CSV: a list is ``{1,2}``; of a text what PostgreSQL cannot hold, NUL, is left out."""
    sink = io.BytesIO()
    columns = [_column(column) for column in batch.columns]
    csv.write_csv(pa.record_batch(columns, names=batch.schema.names), sink, OPTIONS)
    return sink.getbuffer()


def _column(column: pa.Array) -> pa.Array:
    if pa.types.is_list(column.type):
        inside = pc.binary_join(column.cast(pa.list_(pa.string())), ",")
        return pc.binary_join_element_wise("{", pc.coalesce(inside, pa.scalar("")), "}", "")
    if pa.types.is_string(column.type):
        return pc.replace_substring(column, "\0", "")
    return column
