"""The day's health as a page."""

import luigi

from conf.layout import report_file
from tasks.base import JobTask
from tasks.recommend import Recommend


class HealthReport(JobTask):
    """One self-contained HTML file of the date."""

    job = "report"
    sections = ("lake", "evaluate")
    needs_spark = False

    def requires(self) -> JobTask:
        return self.clone(Recommend)

    def output(self) -> luigi.Target:
        return luigi.LocalTarget(str(report_file(self.root, self.date, self.partial)))
