"""Recommendations for every user."""

from tasks.base import DatedTask, JobTask
from tasks.model import RetrainIfNeeded


class Recommend(JobTask):
    """``[recommend] k`` tracks for each user, by the champion or by popularity."""

    job, table = "recommend", "recommendations"
    sections = ("api", "lake", "spark", "recommend", "registry")

    def requires(self) -> DatedTask:
        return self.clone(RetrainIfNeeded)
