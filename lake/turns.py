"""Corrections that depend on what a table holds: no other correction is committed between reading and writing.

Delta lets commits pass one another that have no file in common, and one that is a marker alone has none. But two that
carry the same transaction identifier are a conflict. So each commit here carries that of the table's turn, with the number
after the version that it read. One that comes too late fails, and all of it is read again.
"""

import time
from collections.abc import Callable

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake

from conf.errors import Refused
from conf.tables import TABLES
from lake.access import Lake
from lake.conflicts import is_conflict
from lake.delta import arrow_schema
from lake.merge import rewriting, run_in_memory
from lake.storage import options

ATTEMPTS = 10  # of corrections that others got in the way of
LONGEST_WAIT = 5.0  # seconds before the next one

Corrections = Callable[[DeltaTable], pa.Table]  # of the table at a version: rows in place of those with their key


def correct_in_turn(lake: Lake, table: str, marker: str, corrections: Corrections, removed: str) -> None:
    """Commit corrections with the marker, in one commit; a marker that stands already changes nothing.

    Args:
        removed: SQL over ``s``, a row of the corrections: it takes away the one with its key.

    Raises:
        Refused: others came first each time.
    """
    lake.ensure(table)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            if lake.committed(marker):
                return
            _attempt(lake, table, marker, corrections, removed)
            return
        except Exception as error:
            if not is_conflict(error):
                raise
            if attempt < ATTEMPTS:
                time.sleep(min(0.2 * 2**attempt, LONGEST_WAIT))
    raise Refused(f"{lake.path(table)}: other commits came first {ATTEMPTS} times; run the step again")


def _attempt(lake: Lake, table: str, marker: str, corrections: Corrections, removed: str) -> None:
    """Commit what is made of the table as it stands, or fail where another has had a turn since."""
    stored, declared = lake.opened(table), TABLES[table]
    rows = corrections(stored).select(declared.names).cast(arrow_schema(declared))
    transactions = [Transaction(marker, lake.revision), Transaction(f"{table}/turn", stored.version() + 1)]
    properties = CommitProperties(app_transactions=transactions)
    if rows.num_rows and stored.file_uris():
        on = " AND ".join(f"t.{name} = s.{name}" for name in declared.key)
        run_in_memory(stored, rows, on, rewriting(removed), properties)
        if lake.committed(marker):  # a merge that finds nothing to change is no commit
            return
        rows = rows.slice(0, 0)
    write_deltalake(stored, rows, mode="append", commit_properties=properties, storage_options=options(lake.root))
