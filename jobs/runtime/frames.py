"""A lake's tables as Spark's frames, on top of :mod:`lake.access`."""

from collections.abc import Mapping

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

from conf import sql_text
from conf.tables import TABLES
from lake.access import Lake
from lake.delta import arrow_schema, is_table
from lake.merge import Clause, run_in_memory, to_sql

FEW = 200_000  # rows: up to here a commit from memory is quicker than one by Spark
FEW_STORED = 2_000_000  # rows of a table: up to here few rows are merged into it from memory


def frame(spark: SparkSession, rows: pa.Table) -> DataFrame:
    """Rows held here as a frame, none too: a Spark Connect server takes no empty table without its schema."""
    if rows.num_rows:
        return spark.createDataFrame(rows)
    return spark.createDataFrame([], from_arrow_schema(rows.schema))


class SparkLake(Lake):
    """The tables under ``root``, read and written by ``spark`` where there are many rows, else from memory."""

    def __init__(self, root: str, spark: SparkSession, revision: int = 1, any_schema: bool = False) -> None:
        super().__init__(root, revision, any_schema)
        self.spark = spark

    def read(self, table: str) -> DataFrame:
        return self.spark.read.format("delta").load(self.ensure(table))

    def view(self, table: str) -> DataFrame:
        """As :meth:`read`, for who only looks: a table that is not there is not created, and has no rows."""
        if is_table(self.root, table):
            return self.spark.read.format("delta").load(self.path(table))
        return self.spark.createDataFrame([], TABLES[table].ddl)

    def replace(self, frame: DataFrame, table: str, marker: str, at_most: int, **slice_: object) -> None:
        """Write ``frame`` in place of the rows that match ``slice_`` (column = value), in one commit.

        ``at_most`` says how many rows it can have: few are brought here and committed from memory.
        """
        selected = frame.select(TABLES[table].names)
        if at_most <= FEW:
            rows = selected.toArrow() if at_most else arrow_schema(TABLES[table]).empty_table()
            self.replace_arrow(rows, table, marker, slice_)
        else:
            self.commit(marker, lambda: self._replace_frame(selected, table, marker, slice_))

    def _replace_frame(self, frame: DataFrame, table: str, marker: str, slice_: Mapping[str, object]) -> None:
        writer = frame.write.format("delta").mode("overwrite").option("replaceWhere", sql_text.equal(slice_))
        writer.option("txnAppId", marker).option("txnVersion", self.revision).save(self.ensure(table))

    def merge(
        self, frame: DataFrame, table: str, marker: str, updates: Mapping[str, str], at_most: int | None = None
    ) -> None:
        """Insert rows of new keys; of known keys set ``updates`` (SQL over ``s``, the new, and ``t``).

        Here and below ``at_most`` says how many rows the frame can have: few are brought here and merged from memory.
        """
        self._merge(frame, table, marker, [Clause("update", sets=updates), Clause("insert")], at_most)

    def insert(self, frame: DataFrame, table: str, marker: str, at_most: int | None = None) -> None:
        """Add the rows whose key is not there: what is there is neither changed nor written again.

        It carries no marker, since more is to come before the step is done; where the marker stands another
        run has done it all.
        """
        if self._from_memory(table, at_most):
            self._merge(frame, table, marker, [Clause("insert")], at_most, marked=False)
        else:
            self.commit(marker, lambda: self._append_new(frame, table, marker))

    def _append_new(self, frame: DataFrame, table: str, marker: str) -> None:
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
        frame: DataFrame,
        table: str,
        marker: str,
        updates: Mapping[str, str],
        at_most: int | None = None,
        **above: object,
    ) -> None:
        """Set ``updates`` of rows whose key is in ``frame`` and whose columns are ``above`` the values given."""
        if self.rows(table, [(column, ">", value) for column, value in above.items()], list(above), limit=1):
            where = " AND ".join(f"t.{column} > {sql_text.literal(value)}" for column, value in above.items())
            self._merge(frame, table, marker, [Clause("update", sets=updates)], at_most, where)
        else:
            self.mark(table, marker)

    def keep_only(
        self, frame: DataFrame, table: str, marker: str, at_most: int | None = None, **slice_: object
    ) -> None:
        """Delete the rows of a slice whose key is not in ``frame``. It carries no marker (see :meth:`insert`)."""
        clauses = [Clause("delete missing", sql_text.equal(slice_, "t"))]
        self._merge(frame, table, marker, clauses, at_most, marked=False)

    def correct(self, frame: DataFrame, table: str, marker: str) -> None:
        """Put the rows of ``frame`` in place of those with their key; a null ``last_seen`` deletes. No marker."""
        clauses = [Clause("delete", "s.last_seen IS NULL"), Clause("update all", "s.last_seen IS NOT NULL")]
        self._merge(frame, table, marker, clauses, None, marked=False)

    def _merge(
        self,
        frame: DataFrame,
        table: str,
        marker: str,
        clauses: list[Clause],
        at_most: int | None,
        where: str = "true",
        marked: bool = True,
    ) -> None:
        declared = TABLES[table]
        selected = frame.select(declared.names)
        on = " AND ".join([f"t.{name} = s.{name}" for name in declared.key] + [where])
        if self._from_memory(table, at_most):
            rows = selected.toArrow().cast(arrow_schema(declared))
            properties = self.properties(marker) if marked else None

            def write() -> None:
                if not self.committed(marker):
                    run_in_memory(self.opened(table), rows, on, clauses, properties)
                    if marked and not self.committed(marker):  # nothing to change is no commit
                        self.mark(table, marker)

            self.commit(marker, write)
            return
        selected.createOrReplaceTempView("merge_source")
        text = to_sql(self.ensure(table), "merge_source", on, clauses)
        carried = {"txnAppId": marker, "txnVersion": str(self.revision)} if marked else {}
        self.commit(marker, lambda: _run(self.spark, text, carried))

    def _from_memory(self, table: str, at_most: int | None) -> bool:
        self.ensure(table)
        return at_most is not None and at_most <= FEW and self.stored(table) <= FEW_STORED


def _run(spark: SparkSession, text: str, carried: Mapping[str, str]) -> None:
    """Run a merge whose commit carries a marker."""
    keys = {f"spark.databricks.delta.write.{key}": value for key, value in carried.items()}
    try:
        for key, value in keys.items():
            spark.conf.set(key, value)
        spark.sql(text).collect()
    finally:
        # Left set, the next write of this session would be taken for a repeat and silently dropped.
        for key in keys:
            spark.conf.unset(key)
