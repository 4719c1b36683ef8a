"""The day in the data mart."""

import luigi

from tasks import mart
from tasks.base import DatedTask, JobTask
from tasks.recommend import Recommend


class PublicationTarget(luigi.Target):
    """The date's row in the mart, by this revision or a later one."""

    def __init__(self, task: DatedTask) -> None:
        self.task = task

    def exists(self) -> bool:
        task = self.task
        return bool(mart.published(task.settings.postgres, [task.date], task.version))


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
