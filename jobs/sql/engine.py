"""Runs statements on a lake: refuses what writes, makes names known, fetches rows."""

import pyarrow as pa
from pyspark.sql import SparkSession

from conf.errors import Refused
from conf.settings import parse
from conf.tables import TABLES
from jobs.runtime.session import spark_session
from jobs.sql.known_names import KnownNames
from jobs.sql.statements import writes
from lake.access import Lake


class Engine:
    def __init__(self, spark: SparkSession, lake: Lake, write: bool = False) -> None:
        self.spark, self.lake, self.write = spark, lake, write
        if write:
            for name in TABLES:
                lake.ensure(name)
        self.names = KnownNames(spark, lake)

    def run(self, statement: str, at_most: int | None = None) -> pa.Table:
        """The rows of a statement, ``at_most`` so many.

        Raises:
            Refused: it does more than read, and writing was not asked for.
        """
        word = writes(statement)
        if word and not self.write:
            raise Refused(
                f"{word} is refused: this only reads (SELECT, WITH, SHOW, DESCRIBE, EXPLAIN); --write allows more"
            )
        self.names.ready(statement)
        frame = self.spark.sql(statement)
        return (frame if at_most is None else frame.limit(at_most)).toArrow()

    def stop(self) -> None:
        """Interrupt what runs in this session."""
        self.spark.interruptAll()


def open_lake(root: str, remote: str = "") -> SparkSession:
    """A session, for a notebook, that knows every table and view of a lake by name; ``remote`` as in [spark] remote."""
    settings = parse({"lake": {"root": root}, "spark": {"remote": remote}})
    spark = spark_session(settings, "notebook")
    KnownNames(spark, Lake(settings.lake.root)).all()
    return spark
