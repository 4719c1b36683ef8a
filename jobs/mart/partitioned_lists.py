"""The lists that come in partitions: a date's recommendations, a model's similar tracks."""

import dataclasses
import datetime

import psycopg

from conf.tables import TABLES
from jobs.mart import partitions
from jobs.mart.changes import sync
from jobs.mart.connection import scalar
from jobs.mart.copying import copy
from jobs.mart.staging import require_count
from lake.access import Lake

KEYS = {"recommendations": ["user_id", "date", "rank"], "similar_tracks": ["track_id", "model_version", "rank"]}


@dataclasses.dataclass(frozen=True)
class PartitionedLists:
    """One partition of ``table``: the rows of the lake for which ``column`` is ``value``."""

    table: str
    column: str
    value: datetime.date | str

    @property
    def filters(self) -> list:
        return [(self.column, "=", self.value)]

    @property
    def partition(self) -> str:
        return partitions.name_of(self.table, self.value)

    def load(self, connection: psycopg.Connection, lake: Lake) -> bool:
        """Load, count and key the rows beside the table; returns whether that is a partition to attach.

        Where one is attached already (of an earlier revision, say) the rows wait in a temporary table for
        :meth:`replace`. Bare and then keyed takes a seventh of the time that loading under the keys takes.
        """
        there = self.partition in partitions.attached(connection, self.table)
        with connection.transaction():
            if there:
                name = f"new_{self.table}"
                connection.execute(f"CREATE TEMP TABLE {name} (LIKE {self.table})")
            else:
                name = partitions.create(connection, self.table, self.column, self.value)
            columns = TABLES[self.table].names
            rows = copy(connection, name, columns, lake.batches(self.table, self.filters, columns))
            require_count(self.table, rows, lake.count(self.table, self.filters))
            partitions.add_key(connection, name, KEYS[self.table])
        return not there

    def attach(self, connection: psycopg.Connection) -> None:
        partitions.attach(connection, self.table, self.value)

    def replace(self, connection: psycopg.Connection) -> None:
        """Make the attached partition's rows those that wait; only what differs is written."""
        columns = TABLES[self.table].names
        sync(connection, self.partition, KEYS[self.table], columns, f"SELECT * FROM new_{self.table}", "true")
        found = scalar(connection, f"SELECT count(*) FROM {self.partition}")
        require_count(self.table, found, scalar(connection, f"SELECT count(*) FROM new_{self.table}"))
