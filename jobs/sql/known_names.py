"""Every table of a lake and every view by its name, for a Spark session.

Tables are external ones of a database that belongs to the lake's path, so ``VERSION AS OF`` works (it does not on a
temporary view), and two prompts on one server with different lakes do not mix. The server's catalogue is in its
memory: nothing is written to the lake. Views are the session's own.
"""

import hashlib
import pathlib

from pyspark.sql import SparkSession

from conf.table import Table
from conf.tables import TABLES
from conf.views import VIEWS, View
from jobs.sql.statements import words
from lake.access import Lake
from lake.storage import is_url


class KnownNames:
    """Makes known what a statement mentions, when it does: all of it would cost each start seconds."""

    def __init__(self, spark: SparkSession, lake: Lake) -> None:
        self.spark, self.lake = spark, lake
        self.database = database(lake.root)
        self.known: dict[str, str] = {}
        spark.sql(f"CREATE DATABASE IF NOT EXISTS {self.database}").collect()
        spark.sql(f"USE {self.database}").collect()

    def ready(self, statement: str) -> None:
        """Make known the tables and views that a statement mentions, all of them for one that lists them."""
        found = words(statement)
        wanted = {*TABLES, *VIEWS} if "show" in found else mentioned(found)
        for name in [name for name in TABLES if name in wanted]:
            self._table(TABLES[name])
        for name in [name for name in VIEWS if name in wanted and name not in self.known]:
            self._view(name, VIEWS[name].sql)

    def all(self) -> None:
        """Make all of them known."""
        self.ready("SHOW TABLES")

    def _table(self, table: Table) -> None:
        """A table that no step has written yet is an empty view; it is a table as soon as it is there."""
        path = self.lake.path(table.name)
        kind = "table" if self.lake.open(table.name) else "empty"
        if self.known.get(table.name) == kind:
            return
        if kind == "empty":
            self._view(table.name, _no_rows(table))
        else:
            if table.name in self.known:
                self.spark.sql(f"DROP VIEW IF EXISTS {table.name}").collect()
            place = path.replace("\\", "\\\\").replace("'", "\\'")
            self.spark.sql(
                f"CREATE TABLE IF NOT EXISTS {self.database}.{table.name} USING delta LOCATION '{place}'"
            ).collect()
        self.known = {name: kind for name, kind in self.known.items() if name not in VIEWS}
        self.known[table.name] = kind

    def _view(self, name: str, sql: str) -> None:
        self.spark.sql(f"CREATE OR REPLACE TEMPORARY VIEW {name} AS {sql}").collect()
        self.known[name] = "view"


def database(root: str) -> str:
    """The name of the database that stands for a lake's folder on a server."""
    folder = root if is_url(root) else str(pathlib.Path(root).resolve())
    return f"lake_{hashlib.sha256(folder.encode()).hexdigest()[:12]}"


def mentioned(found: set[str]) -> set[str]:
    """The names of tables and views among some words, and those that these views stand on."""
    wanted: set[str] = set()
    waiting = {name for name in found if name in TABLES or name in VIEWS}
    while waiting:
        name = waiting.pop()
        wanted.add(name)
        if name in VIEWS:
            waiting |= {other for other in words(VIEWS[name].sql) if other in TABLES or other in VIEWS} - wanted
    return wanted


def columns(name: str) -> list[str]:
    """The columns of a table or view, as declared."""
    declared: Table | View = TABLES[name] if name in TABLES else VIEWS[name]
    return declared.names


def _no_rows(table: Table) -> str:
    nulls = ", ".join(f"CAST(NULL AS {column.type}) AS {column.name}" for column in table.columns)
    return f"SELECT {nulls} WHERE false"
