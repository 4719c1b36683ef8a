"""Corrections that depend on what a table holds: no other correction is committed between reading and writing.

Delta lets commits pass one another that have no file in common, and one that is a marker alone has none. But two that
carry the same transaction identifier are a conflict for Spark and for deltalake. So each commit here carries that of the
table's turn, with the number after the version that it read. One that comes too late fails, and all of it is read again.
"""

import time
from collections.abc import Callable

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from pyspark.sql import DataFrame

from conf.errors import Refused
from conf.tables import TABLES
from jobs.runtime.frames import FEW, FEW_STORED, SparkLake
from lake.conflicts import is_conflict
from lake.delta import arrow_schema
from lake.merge import rewriting, run_in_memory
from lake.storage import options

ATTEMPTS = 10  # of corrections that others got in the way of; many rows take two, the rows and the marker
LONGEST_WAIT = 5.0  # seconds before the next one

Corrections = Callable[[DeltaTable], DataFrame]  # of the table at a version: rows in place of those with their key


def correct_in_turn(lake: SparkLake, table: str, marker: str, corrections: Corrections, removed: str) -> None:
    """Commit corrections with the marker; a marker that stands already changes nothing.

    Many rows are committed first and the marker after them, if nothing came between: else all is looked at again.

    Args:
        removed: SQL over ``s``, a row of the corrections: it takes away the one with its key.
    """
    lake.ensure(table)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            if lake.committed(marker) or _attempt(lake, table, marker, corrections, removed):
                return
        except Exception as error:
            if not is_conflict(error) or attempt == ATTEMPTS:
                raise
            time.sleep(min(0.2 * 2**attempt, LONGEST_WAIT))
    raise Refused(f"{lake.path(table)}: other commits came first {ATTEMPTS} times; run the step again")


def _attempt(lake: SparkLake, table: str, marker: str, corrections: Corrections, removed: str) -> bool:
    """Whether the marker stands now."""
    stored, declared = lake.opened(table), TABLES[table]
    found = corrections(stored).select(declared.names)
    few = FEW if lake.stored(table) <= FEW_STORED else 0
    rows = found.limit(few + 1).toArrow().cast(arrow_schema(declared))
    turn, number = f"{table}/turn", stored.version() + 1
    if rows.num_rows > few:
        SparkLake(lake.root, lake.spark, number, any_schema=True).rewrite(found, table, turn, removed)
        return False
    transactions = [Transaction(marker, lake.revision), Transaction(turn, number)]
    properties = CommitProperties(app_transactions=transactions)
    _commit_here(lake, stored, rows, declared.key, removed, properties)
    return lake.committed(marker)


def _commit_here(
    lake: SparkLake,
    stored: DeltaTable,
    rows: pa.Table,
    key: tuple[str, ...],
    removed: str,
    properties: CommitProperties,
) -> None:
    """Commit what was made of ``stored``, or fail where another has had a turn since."""
    if not rows.num_rows:
        write_deltalake(stored, rows, mode="append", commit_properties=properties, storage_options=options(lake.root))
        return
    on = " AND ".join(f"t.{name} = s.{name}" for name in key)
    run_in_memory(stored, rows, on, rewriting(removed), properties)
