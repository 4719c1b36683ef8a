"""The one module that reads and writes tables.

Frames go through Spark. What a job holds in its own memory (a decision, some figures) goes through
``deltalake``, whose commit takes milliseconds where Spark's takes seconds; both write the same format.
Every commit that finishes a task's part carries its marker (:func:`conf.tables.marker`), so a part
appears once, whole, however often it is written.
"""

import datetime
import json
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Field, QueryBuilder, Schema, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError, TableNotFoundError

from conf import files
from conf.errors import Refused
from conf.layout import schema_file, table_path
from conf.storage import options
from conf.tables import SCHEMA, TABLES, Table
from jobs.merging import Clause, run_in_memory, to_sql

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

FEW = 200_000  # rows: up to here a commit from memory is quicker than one by Spark
FEW_STORED = 2_000_000  # rows of a table: up to here few rows are merged into it from memory
ATTEMPTS = 6  # of a commit that another writer got in the way of

ARROW_TYPES = {
    "bigint": pa.int64(),
    "int": pa.int32(),
    "float": pa.float32(),
    "double": pa.float64(),
    "string": pa.string(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"),
    "array<string>": pa.list_(pa.string()),
    "array<bigint>": pa.list_(pa.int64()),
}


def arrow_schema(table: Table) -> pa.Schema:
    return pa.schema([(column.name, ARROW_TYPES[column.type]) for column in table.columns])


class Lake:
    """The tables under ``root``. ``spark`` is needed for frames only; ``revision`` is the version of the markers written."""

    def __init__(
        self, root: str, spark: "SparkSession | None" = None, revision: int = 1, any_schema: bool = False
    ) -> None:
        self.root, self.revision = root, revision
        self._spark = spark
        if not any_schema:
            require_schema(root)

    @property
    def spark(self) -> "SparkSession":
        if self._spark is None:
            raise RuntimeError("this job was given no Spark session")
        return self._spark

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
        path = self.path(table)
        if not is_table(self.root, table):
            if not schema_file(self.root).exists():
                write_schema(self.root, SCHEMA)
            declared = TABLES[table]
            fields = [
                Field(
                    field.name,
                    field.type,
                    nullable=True,
                    metadata={"comment": column.comment} if column.comment else {},
                )
                for field, column in zip(
                    Schema.from_arrow(arrow_schema(declared)).fields, declared.columns, strict=True
                )
            ]
            partitions = list(declared.partition_by) or None
            DeltaTable.create(
                path,
                Schema(fields),
                mode="ignore",
                partition_by=partitions,
                description=declared.comment,
                storage_options=options(self.root),
            )
        return path

    def version(self, table: str) -> str:
        """``id@version`` of a table: another one is another content. Empty where the table is not there."""
        stored = self.open(table)
        return f"{stored.metadata().id}@{stored.version()}" if stored else ""

    def committed(self, marker: str) -> bool:
        """Whether a commit with this marker stands; its first part names the table."""
        stored = self.open(marker.partition("/")[0])
        version = stored.transaction_version(marker) if stored else None
        return version is not None and version >= self.revision

    # -- frames, through Spark ------------------------------------------------------------------

    def read(self, table: str) -> "DataFrame":
        return self.spark.read.format("delta").load(self.ensure(table))

    def replace(self, frame: "DataFrame", table: str, marker: str, at_most: int, **slice_: object) -> None:
        """Write ``frame`` in place of the rows that match ``slice_`` (column = value), in one commit.

        ``at_most`` says how many rows it can have: few are brought here and committed from memory.
        """
        selected = frame.select(TABLES[table].names)
        if at_most <= FEW:
            rows = selected.toArrow() if at_most else arrow_schema(TABLES[table]).empty_table()
            self._replace_arrow(rows, table, marker, slice_)
        else:
            self._commit(marker, lambda: self._replace_frame(selected, table, marker, slice_))

    def _replace_frame(self, frame: "DataFrame", table: str, marker: str, slice_: Mapping[str, object]) -> None:
        writer = frame.write.format("delta").mode("overwrite").option("replaceWhere", _predicate(slice_))
        writer.option("txnAppId", marker).option("txnVersion", self.revision).save(self.ensure(table))

    def merge(
        self, frame: "DataFrame", table: str, marker: str, updates: Mapping[str, str], at_most: int | None = None
    ) -> None:
        """Insert rows of new keys; of known keys set ``updates`` (SQL over ``s``, the new, and ``t``).

        Here and below ``at_most`` says how many rows the frame can have: few are brought here and merged from memory.
        """
        self._merge(frame, table, marker, [Clause("update", sets=updates), Clause("insert")], at_most)

    def insert(self, frame: "DataFrame", table: str, marker: str, at_most: int | None = None) -> None:
        """Add the rows whose key is not there: what is there is neither changed nor written again.

        It carries no marker, since more is to come before the step is done; where the marker stands another
        run has done it all.
        """
        if self._from_memory(table, at_most):
            self._merge(frame, table, marker, [Clause("insert")], at_most, marked=False)
        else:
            self._commit(marker, lambda: self._append_new(frame, table, marker))

    def _append_new(self, frame: "DataFrame", table: str, marker: str) -> None:
        """Append the rows of unknown keys: what a merge that only inserts does, without its three jobs of preparation.

        The table is read within the transaction that writes, so that a commit beside it is a conflict, and all of it
        is read again.
        """
        if self.committed(marker):
            return
        key, selected = list(TABLES[table].key), frame.select(TABLES[table].names)
        new = selected.join(self.read(table).select(*key), key, "left_anti").select(TABLES[table].names)
        new.write.format("delta").mode("append").save(self.path(table))

    def update(
        self,
        frame: "DataFrame",
        table: str,
        marker: str,
        updates: Mapping[str, str],
        at_most: int | None = None,
        **above: object,
    ) -> None:
        """Set ``updates`` of rows whose key is in ``frame`` and whose columns are ``above`` the values given."""
        if self.rows(table, [(column, ">", value) for column, value in above.items()], list(above), limit=1):
            where = " AND ".join(f"t.{column} > {_literal(value)}" for column, value in above.items())
            self._merge(frame, table, marker, [Clause("update", sets=updates)], at_most, where)
        else:
            self.mark(table, marker)

    def keep_only(
        self, frame: "DataFrame", table: str, marker: str, at_most: int | None = None, **slice_: object
    ) -> None:
        """Delete the rows of a slice whose key is not in ``frame``. It carries no marker (see :meth:`insert`)."""
        where = " AND ".join(f"t.{column} = {_literal(value)}" for column, value in slice_.items())
        self._merge(frame, table, marker, [Clause("delete missing", where)], at_most, marked=False)

    def correct(self, frame: "DataFrame", table: str, marker: str) -> None:
        """Put the rows of ``frame`` in place of those with their key; a null ``last_seen`` deletes. No marker."""
        clauses = [Clause("delete", "s.last_seen IS NULL"), Clause("update all", "s.last_seen IS NOT NULL")]
        self._merge(frame, table, marker, clauses, None, marked=False)

    def _merge(
        self,
        frame: "DataFrame",
        table: str,
        marker: str,
        clauses: list[Clause],
        at_most: int | None,
        where: str = "true",
        marked: bool = True,
    ) -> None:
        path, declared = self.ensure(table), TABLES[table]
        selected = frame.select(declared.names)
        on = " AND ".join([f"t.{name} = s.{name}" for name in declared.key] + [where])
        if self._from_memory(table, at_most):
            rows = selected.toArrow().cast(arrow_schema(declared))
            properties = self._properties(marker) if marked else None

            def write() -> None:
                if not self.committed(marker):
                    run_in_memory(self.opened(table), rows, on, clauses, properties)
                    if marked and not self.committed(marker):  # nothing to change is no commit
                        self.mark(table, marker)

            self._commit(marker, write)
            return
        spark = self.spark
        selected.createOrReplaceTempView("merge_source")
        sql = to_sql(path, "merge_source", on, clauses)
        carried = {"txnAppId": marker, "txnVersion": str(self.revision)} if marked else {}
        self._commit(marker, lambda: _run(spark, sql, carried))

    def _from_memory(self, table: str, at_most: int | None) -> bool:
        self.ensure(table)
        return at_most is not None and at_most <= FEW and self.stored(table) <= FEW_STORED

    def stored(self, table: str) -> int:
        """How many rows a table has, from the statistics of its files."""
        return int(sum(count or 0 for count in self._of_files(table, "num_records")))

    def newest(self, table: str, column: str) -> datetime.date | None:
        """The largest value of a date column, from what the log says of the files; no data are read."""
        values = self._of_files(table, f"max.{column}") or self._of_files(table, f"partition.{column}")
        return max((value for value in values if value is not None), default=None)

    def dates(self, table: str) -> set[datetime.date]:
        """The dates that a table which is partitioned by them has, from the log."""
        return set(self._of_files(table, "partition.date"))

    def _of_files(self, table: str, name: str) -> list[Any]:
        """What the log says of each file of a table; of none where there is no such table or figure."""
        stored = self.open(table)
        if not stored:
            return []
        actions = pa.table(stored.get_add_actions(flatten=True))
        return actions[name].to_pylist() if name in actions.column_names else []

    # -- rows in memory, through deltalake ------------------------------------------------------

    def rows(
        self, table: str, filters: list | None = None, columns: list[str] | None = None, limit: int | None = None
    ) -> list[dict[str, Any]]:
        """Rows as dictionaries. ``filters`` are (column, operator, value); a table that is not there has none."""
        return self.arrow(table, filters, columns, limit).to_pylist()

    def arrow(
        self, table: str, filters: list | None = None, columns: list[str] | None = None, limit: int | None = None
    ) -> pa.Table:
        schema = arrow_schema(TABLES[table])
        schema = pa.schema([schema.field(name) for name in columns]) if columns else schema
        stored = self.open(table)
        if not stored:
            return schema.empty_table()
        # Through deltalake's own engine: pyarrow's scan of a Delta table leaves threads behind that abort
        # one process in five as it ends.
        names = ", ".join(f'"{name}"' for name in schema.names)
        query = f"SELECT {names} FROM stored{_where(filters)}{_limit(limit)}"  # noqa: S608 - names are declared in conf
        found = QueryBuilder().register("stored", stored).execute(query).read_all()
        return pa.table(found).cast(schema)

    def batches(
        self, table: str, filters: list | None = None, columns: list[str] | None = None
    ) -> pa.RecordBatchReader:
        """As :meth:`arrow`, batch by batch: memory does not grow with the rows."""
        schema = arrow_schema(TABLES[table])
        schema = pa.schema([schema.field(name) for name in columns]) if columns else schema
        stored = self.open(table)
        if not stored:
            return pa.RecordBatchReader.from_batches(schema, [])
        names = ", ".join(f'"{name}"' for name in schema.names)
        query = f"SELECT {names} FROM stored{_where(filters)}"  # noqa: S608 - names are declared in conf
        found = QueryBuilder().register("stored", stored).execute(query)
        stream = pa.RecordBatchReader.from_stream(found)
        return pa.RecordBatchReader.from_batches(
            schema,
            (
                pa.Table.from_batches([batch]).cast(schema).combine_chunks().to_batches()[0]
                for batch in stream
                if batch.num_rows
            ),
        )

    def count(self, table: str, filters: list | None = None) -> int:
        """How many rows there are."""
        stored = self.open(table)
        if not stored:
            return 0
        query = f"SELECT count(*) AS n FROM stored{_where(filters)}"  # noqa: S608 - names are declared in conf
        found = QueryBuilder().register("stored", stored).execute(query).read_all()
        return int(found["n"][0].as_py())

    def replace_rows(self, rows: Iterable[Mapping[str, object]], table: str, marker: str, **slice_: object) -> None:
        """As :meth:`replace`, for rows in memory; no rows commit the marker alone."""
        schema = arrow_schema(TABLES[table])
        self._replace_arrow(pa.Table.from_pylist([dict(row) for row in rows], schema=schema), table, marker, slice_)

    def _replace_arrow(self, data: pa.Table, table: str, marker: str, slice_: Mapping[str, object]) -> None:
        data = data.cast(arrow_schema(TABLES[table]))
        self._overwrite(lambda: data, table, marker, slice_)

    def replace_batches(
        self, batches: Callable[[], Iterable[pa.RecordBatch]], table: str, marker: str, **slice_: object
    ) -> None:
        """As :meth:`replace`, for more than memory should hold; ``batches`` is asked again after a conflict."""
        schema = arrow_schema(TABLES[table])
        self._overwrite(lambda: pa.RecordBatchReader.from_batches(schema, batches()), table, marker, slice_)

    def _overwrite(
        self,
        data: Callable[[], pa.Table | pa.RecordBatchReader],
        table: str,
        marker: str,
        slice_: Mapping[str, object],
    ) -> None:
        path, predicate, properties = self.ensure(table), _predicate(slice_), self._properties(marker)

        def write() -> None:
            if not self.committed(marker):
                write_deltalake(
                    path,
                    data(),
                    mode="overwrite",
                    predicate=predicate,
                    commit_properties=properties,
                    storage_options=options(self.root),
                )

        self._commit(marker, write)

    def append_rows(self, rows: Iterable[Mapping[str, object]], table: str, marker: str) -> None:
        """Add rows once: a marker that stands already adds nothing."""
        path = self.ensure(table)
        if not self.committed(marker):
            data = pa.Table.from_pylist([dict(row) for row in rows], schema=arrow_schema(TABLES[table]))
            write_deltalake(
                path,
                data,
                mode="append",
                commit_properties=self._properties(marker),
                storage_options=options(self.root),
            )

    def delete(self, table: str, *filters: tuple[str, str, object]) -> None:
        """Delete the rows for which every (column, operator, value) holds. It carries no marker."""
        if is_table(self.root, table):
            where = _where(list(filters)).removeprefix(" WHERE ")
            self._commit("", lambda: self.opened(table).delete(where))

    def mark(self, table: str, marker: str) -> None:
        """Commit a marker alone."""
        self.append_rows([], table, marker)

    # -------------------------------------------------------------------------------------------

    def _properties(self, marker: str) -> CommitProperties:
        return CommitProperties(app_transactions=[Transaction(marker, self.revision)])

    def _commit(self, marker: str, write: Callable[[], object]) -> None:
        """Write; when another writer was first, look again: its marker means done, else try again."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                write()
                return
            except Exception as error:
                if not _is_conflict(error):
                    raise
                if marker and self.committed(marker):
                    return
                if attempt == ATTEMPTS:
                    raise
                time.sleep(0.2 * 2**attempt)


def is_table(root: str, table: str) -> bool:
    return DeltaTable.is_deltatable(table_path(root, table), storage_options=options(root))


def open_table(root: str, table: str) -> DeltaTable | None:
    """A table of a lake as ``deltalake`` has it; None where it is not there."""
    try:
        return DeltaTable(table_path(root, table), storage_options=options(root))
    except TableNotFoundError:
        return None


def schema_of(root: str) -> int:
    """The version of our schemas that a lake's tables have; one that does not say is of 1, an empty one is of ours."""
    try:
        return int(json.loads(files.read(schema_file(root)))["version"])
    except FileNotFoundError:
        return 1 if any(is_table(root, name) for name in TABLES) else SCHEMA


def write_schema(root: str, version: int) -> None:
    """Say which version of our schemas the lake has."""
    files.write(schema_file(root), (json.dumps({"version": version}) + "\n").encode())


def require_schema(root: str) -> None:
    """
    Raises:
        Refused: the lake's tables are of another schema than this code's.
    """
    found = schema_of(root)
    if found < SCHEMA:
        raise Refused(
            f"{root}: its tables are of schema {found}, this version needs {SCHEMA}; "
            f"run python -m jobs migrate --lake-root {root}"
        )
    if found > SCHEMA:
        raise Refused(f"{root}: its tables are of schema {found}, newer than this version's {SCHEMA}; update the code")


def _run(spark: "SparkSession", sql: str, carried: Mapping[str, str]) -> None:
    """Run a merge whose commit carries a marker."""
    keys = {f"spark.databricks.delta.write.{key}": value for key, value in carried.items()}
    try:
        for key, value in keys.items():
            spark.conf.set(key, value)
        spark.sql(sql).collect()
    finally:
        # Left set, the next write of this session would be taken for a repeat and silently dropped.
        for key in keys:
            spark.conf.unset(key)


def _is_conflict(error: Exception) -> bool:
    """Whether another commit came between reading and writing."""
    return isinstance(error, CommitFailedError) or any(
        name in str(error)
        for name in (
            "ConcurrentTransaction",
            "ConcurrentAppend",
            "ConcurrentDelete",
            "ConcurrentWrite",
            "DELTA_CONCURRENT",
        )
    )


def _predicate(slice_: Mapping[str, object]) -> str:
    return " AND ".join(f"{name} = {_literal(value)}" for name, value in slice_.items())


def _where(filters: list | None) -> str:
    """``WHERE …`` of (column, operator, value); the operator ``in`` takes a list."""
    tests = []
    for column, operator, value in filters or []:
        if operator == "in":
            tests.append(f'"{column}" IN ({", ".join(map(_literal, value))})')
        else:
            tests.append(f'"{column}" {operator} {_literal(value)}')
    return f" WHERE {' AND '.join(tests)}" if tests else ""


def _limit(limit: int | None) -> str:
    return "" if limit is None else f" LIMIT {limit}"


def _literal(value: object) -> str:
    if isinstance(value, datetime.datetime):
        return f"TIMESTAMP '{value.isoformat()}'"
    if isinstance(value, datetime.date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value)
