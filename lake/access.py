"""A lake's tables for what a job holds in its own memory: a decision, some figures, a few rows.

A commit by ``deltalake`` takes milliseconds where Spark's takes seconds; both write the same format. Frames go through
Spark: :mod:`jobs.runtime.frames`. Every commit that finishes a task's part carries its marker
(:func:`conf.tables.marker`), so a part appears once, whole, however often it is written.
"""

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake

from conf import sql_text
from conf.tables import SCHEMA, TABLES
from lake import delta
from lake.conflicts import persistently
from lake.delta import arrow_schema, is_table, open_table
from lake.layout import schema_file, table_path
from lake.schema_version import require_schema, write_schema
from lake.storage import options

Filters = Sequence[sql_text.Filter] | None


class Lake:
    """The tables under ``root``; ``revision`` is the version of the markers written."""

    def __init__(self, root: str, revision: int = 1, any_schema: bool = False) -> None:
        """
        Raises:
            Refused: the tables are of another schema than this code's, and not ``any_schema`` will do.
        """
        self.root, self.revision = root, revision
        if not any_schema:
            require_schema(root)

    def path(self, table: str) -> str:
        return table_path(self.root, table)

    def open(self, table: str) -> DeltaTable | None:
        """The table as ``deltalake`` has it; None where it is not there."""
        return open_table(self.root, table)

    def opened(self, table: str) -> DeltaTable:
        """As :meth:`open`, of a table that is there."""
        return DeltaTable(self.path(table), storage_options=options(self.root))

    def ensure(self, table: str) -> str:
        """The table's path; it is created, empty, where it does not exist."""
        if not is_table(self.root, table):
            if not schema_file(self.root).exists():
                write_schema(self.root, SCHEMA)
            delta.create(self.root, TABLES[table])
        return self.path(table)

    def version(self, table: str) -> str:
        """``id@version`` of a table: another one is another content. Empty where the table is not there."""
        stored = self.open(table)
        return f"{stored.metadata().id}@{stored.version()}" if stored else ""

    def committed(self, marker: str) -> bool:
        """Whether a commit with this marker stands; its first part names the table."""
        stored = self.open(marker.partition("/")[0])
        version = stored.transaction_version(marker) if stored else None
        return version is not None and version >= self.revision

    # -- what the log says: no data are read -----------------------------------------------------

    def stored(self, table: str) -> int:
        """How many rows a table has, from the statistics of its files."""
        return int(sum(count or 0 for count in self._of_files(table, "num_records")))

    def newest(self, table: str, column: str) -> datetime.date | None:
        """The largest value of a date column."""
        values = self._of_files(table, f"max.{column}") or self._of_files(table, f"partition.{column}")
        return max((value for value in values if value is not None), default=None)

    def dates(self, table: str) -> set[datetime.date]:
        """The dates that a table which is partitioned by them has."""
        return set(self._of_files(table, "partition.date"))

    def _of_files(self, table: str, name: str) -> list[Any]:
        """What the log says of each file of a table; of none where there is no such table or figure."""
        stored = self.open(table)
        if not stored:
            return []
        actions = pa.table(stored.get_add_actions(flatten=True))
        return actions[name].to_pylist() if name in actions.column_names else []

    # -- reading ----------------------------------------------------------------------------------

    def rows(
        self, table: str, filters: Filters = None, columns: list[str] | None = None, limit: int | None = None
    ) -> list[dict[str, Any]]:
        """Rows as dictionaries; a table that is not there has none."""
        return self.arrow(table, filters, columns, limit).to_pylist()

    def arrow(
        self, table: str, filters: Filters = None, columns: list[str] | None = None, limit: int | None = None
    ) -> pa.Table:
        """Rows with the declared types."""
        schema, stored = arrow_schema(TABLES[table], columns), self.open(table)
        if not stored:
            return schema.empty_table()
        return delta.query(stored, _select(schema.names, filters) + sql_text.limited(limit)).cast(schema)

    def batches(self, table: str, filters: Filters = None, columns: list[str] | None = None) -> pa.RecordBatchReader:
        """As :meth:`arrow`, batch by batch: memory does not grow with the rows."""
        schema, stored = arrow_schema(TABLES[table], columns), self.open(table)
        found = delta.stream(stored, _select(schema.names, filters)) if stored else []
        return pa.RecordBatchReader.from_batches(
            schema,
            (
                pa.Table.from_batches([batch]).cast(schema).combine_chunks().to_batches()[0]
                for batch in found
                if batch.num_rows
            ),
        )

    def query(self, table: str, text: str) -> pa.Table | None:
        """The answer to SQL over ``stored``; None where the table is not there."""
        stored = self.open(table)
        return delta.query(stored, text) if stored else None

    def count(self, table: str, filters: Filters = None) -> int:
        """How many rows there are."""
        found = self.query(table, f"SELECT count(*) AS n FROM stored{sql_text.where(filters)}")  # noqa: S608 - as above
        return 0 if found is None else int(found["n"][0].as_py())

    # -- writing ----------------------------------------------------------------------------------

    def replace_rows(self, rows: Iterable[Mapping[str, object]], table: str, marker: str, **slice_: object) -> None:
        """Write rows in place of those that match ``slice_`` (column = value), in one commit; no rows commit the marker."""
        schema = arrow_schema(TABLES[table])
        self.replace_arrow(pa.Table.from_pylist([dict(row) for row in rows], schema=schema), table, marker, slice_)

    def replace_arrow(self, data: pa.Table, table: str, marker: str, slice_: Mapping[str, object]) -> None:
        data = data.cast(arrow_schema(TABLES[table]))
        self._overwrite(lambda: data, table, marker, slice_)

    def replace_batches(
        self, batches: Callable[[], Iterable[pa.RecordBatch]], table: str, marker: str, **slice_: object
    ) -> None:
        """As :meth:`replace_rows`, for more than memory should hold; ``batches`` is asked again after a conflict."""
        schema = arrow_schema(TABLES[table])
        self._overwrite(lambda: pa.RecordBatchReader.from_batches(schema, batches()), table, marker, slice_)

    def _overwrite(
        self,
        data: Callable[[], pa.Table | pa.RecordBatchReader],
        table: str,
        marker: str,
        slice_: Mapping[str, object],
    ) -> None:
        self.ensure(table)

        def write() -> None:
            if not self.committed(marker):
                self._write(table, data(), marker, mode="overwrite", predicate=sql_text.equal(slice_))

        self.commit(marker, write)

    def append_rows(self, rows: Iterable[Mapping[str, object]], table: str, marker: str) -> None:
        """Add rows once: a marker that stands already adds nothing."""
        self.ensure(table)
        if not self.committed(marker):
            data = pa.Table.from_pylist([dict(row) for row in rows], schema=arrow_schema(TABLES[table]))
            self._write(table, data, marker, mode="append")

    def _write(self, table: str, data: pa.Table | pa.RecordBatchReader, marker: str, **how: Any) -> None:
        write_deltalake(
            self.path(table),
            data,
            commit_properties=self.properties(marker),
            storage_options=options(self.root),
            **how,
        )

    def delete(self, table: str, *filters: sql_text.Filter) -> None:
        """Delete the rows for which every filter holds. It carries no marker."""
        if is_table(self.root, table):
            condition = sql_text.where(filters).removeprefix(" WHERE ")
            self.commit("", lambda: self.opened(table).delete(condition))

    def mark(self, table: str, marker: str) -> None:
        """Commit a marker alone."""
        self.append_rows([], table, marker)

    def properties(self, marker: str) -> CommitProperties:
        """What a commit that carries a marker is given."""
        return CommitProperties(app_transactions=[Transaction(marker, self.revision)])

    def commit(self, marker: str, write: Callable[[], object]) -> None:
        """Write; when another writer was first, its marker means done, else try again."""
        persistently(write, lambda: bool(marker) and self.committed(marker))


def _select(names: list[str], filters: Filters) -> str:
    listed = ", ".join(f'"{name}"' for name in names)
    return f"SELECT {listed} FROM stored{sql_text.where(filters)}"  # noqa: S608 - names are declared in conf
