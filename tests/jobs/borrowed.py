"""A job whose session is the tests' own."""

import dataclasses

from pyspark.sql import SparkSession

from jobs.runtime.command import Job


@dataclasses.dataclass(frozen=True)
class Borrowed(Job):
    session: SparkSession | None = None

    def spark(self, name: str, rows: int = 0) -> SparkSession:
        assert self.session is not None
        return self.session
