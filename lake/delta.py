"""Delta tables by ``deltalake``: opened, created, asked by SQL. Milliseconds, and no JVM."""

import pyarrow as pa
from deltalake import DeltaTable, Field, QueryBuilder, Schema, write_deltalake
from deltalake.exceptions import DeltaError, TableNotFoundError

from conf.table import Table
from lake.layout import table_path
from lake.storage import options

# What reading a table may raise: of its log, and by Arrow of a data file that is gone, damaged, or in a store that is away.
UNREADABLE = (OSError, DeltaError, pa.ArrowException)
ARROW_TYPES = {
    "bigint": pa.int64(),
    "int": pa.int32(),
    "float": pa.float32(),
    "double": pa.float64(),
    "string": pa.string(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"),
    "array<string>": pa.list_(pa.string()),
    "array<bigint>": pa.list_(pa.int64()),
}


def arrow_schema(table: Table, columns: list[str] | None = None) -> pa.Schema:
    """Of a declared table, or of some of its columns."""
    types = {column.name: ARROW_TYPES[column.type] for column in table.columns}
    return pa.schema([(name, types[name]) for name in columns or types])


def open_table(root: str, table: str) -> DeltaTable | None:
    """A table of a lake; None where it is not there."""
    return open_path(table_path(root, table))


def open_path(path: str) -> DeltaTable | None:
    """The table at a path; None where it is not there."""
    try:
        return DeltaTable(path, storage_options=options(path))
    except TableNotFoundError:
        return None


def data_files(opened: DeltaTable) -> dict[str, int]:
    """The data files of the newest version, by name below the table, with their sizes."""
    actions = pa.table(opened.get_add_actions(flatten=True))
    return dict(zip(actions["path"].to_pylist(), actions["size_bytes"].to_pylist(), strict=True))


def is_table(root: str, table: str) -> bool:
    path = table_path(root, table)
    return DeltaTable.is_deltatable(path, storage_options=options(path))


def create(root: str, table: Table) -> None:
    """Create a declared table, empty, unless another was quicker."""
    path = table_path(root, table.name)
    DeltaTable.create(
        path,
        Schema(fields_of(table)),
        mode="ignore",
        partition_by=list(table.partition_by) or None,
        description=table.comment,
        storage_options=options(path),
    )


def fields_of(table: Table) -> list[Field]:
    """A declared table's columns as Delta has them, with their comments."""
    fields = Schema.from_arrow(arrow_schema(table)).fields
    return [
        Field(field.name, field.type, nullable=True, metadata={"comment": column.comment} if column.comment else {})
        for field, column in zip(fields, table.columns, strict=True)
    ]


def overwrite(root: str, table: Table, data: pa.Table) -> None:
    """Write a table anew, with the columns that are declared now."""
    path = table_path(root, table.name)
    write_deltalake(path, data, mode="overwrite", schema_mode="overwrite", storage_options=options(path))


def query(opened: DeltaTable, sql: str) -> pa.Table:
    """The answer to SQL over ``stored``, batch by batch: read at once, it would hold up the process's other threads."""
    reader = stream(opened, sql)
    batches = list(reader)
    return pa.Table.from_batches(batches, None if batches else reader.schema)


def stream(opened: DeltaTable, sql: str) -> pa.RecordBatchReader:
    """As :func:`query`, as it comes: memory does not grow with the rows.

    It is deltalake's own engine: pyarrow's scan of a Delta table leaves threads behind that abort one process in five
    as it ends.
    """
    return pa.RecordBatchReader.from_stream(QueryBuilder().register("stored", opened).execute(sql))
