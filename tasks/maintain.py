"""Housekeeping of the lake: what is past its retention goes, small files become large ones."""

from tasks.base import DatedTask, JobTask
from tasks.recommend import Recommend


class Maintain(JobTask):
    """Retention on every day; compaction and vacuum on every ``[lake] maintain_days``-th."""

    job, table = "maintain", "maintenance"
    sections = ("lake",)
    needs_spark = False

    def requires(self) -> DatedTask:
        return self.clone(Recommend)
