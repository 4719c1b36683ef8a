"""The day in the data mart."""

import datetime
import logging

import luigi

from conf.settings import PostgresSettings
from tasks.base import DatedTask, JobTask
from tasks.recommend import Recommend

log = logging.getLogger("moovitamix.mart")


def published_dates(postgres: PostgresSettings, dates: list[datetime.date], revision: int) -> set[datetime.date]:
    """The dates that are published in this revision or a later one.

    Why a server does not answer is for the job to say: it is asked next.
    """
    # 40 ms that a command without a mart does not wait for.
    import psycopg

    from conf.postgres import conninfo

    query = "SELECT date FROM publications WHERE date = ANY(%s) AND revision >= %s"
    try:
        # Somebody may have locked the table: the job waits, and says so.
        with psycopg.connect(conninfo(postgres, connect_timeout=5, options="-c statement_timeout=5000")) as connection:
            return {date for (date,) in connection.execute(query, [dates, revision])}
    except psycopg.Error as error:
        log.debug("the mart was not asked: %s", error)
        return set()


class PublicationTarget(luigi.Target):
    """The date's row in the mart, by this revision or a later one."""

    def __init__(self, task: DatedTask) -> None:
        self.task = task

    def exists(self) -> bool:
        task = self.task
        return bool(published_dates(task.settings.postgres, [task.date], task.version))


class Publish(JobTask):
    """The lists of the date, and what an application shows beside them, in PostgreSQL."""

    job = "publish"
    sections = ("lake", "recommend", "postgres")
    needs_spark = False
    priority = 10  # before the report, which then can tell of it

    def requires(self) -> DatedTask:
        return self.clone(Recommend)

    def output(self) -> PublicationTarget:
        return PublicationTarget(self)

    def program_environment(self) -> dict[str, str]:
        """What may hold a password goes by the environment: a command line is seen by everybody."""
        given = self.settings.postgres
        secrets = {"MOOVITAMIX_POSTGRES_URL": given.url, "MOOVITAMIX_POSTGRES_PASSWORD": given.password}
        return {**super().program_environment(), **secrets}
