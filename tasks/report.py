"""The day's health as a page."""

import pathlib

import luigi

from lake.layout import report_file, report_revision
from tasks.base import DatedTask, JobTask
from tasks.maintain import Maintain


class ReportTarget(luigi.Target):
    """The date's page, made by this revision or a later one."""

    def __init__(self, path: pathlib.Path, version: int) -> None:
        self.path, self.version = path, version

    def exists(self) -> bool:
        return report_revision(self.path) >= self.version


class HealthReport(JobTask):
    """One self-contained HTML file of the date."""

    job = "report"
    sections = ("lake", "evaluate", "retrain", "health")
    needs_spark = False

    def requires(self) -> DatedTask:
        return self.clone(Maintain)

    def output(self) -> ReportTarget:
        return ReportTarget(report_file(self.root, self.date, self.partial), self.version)
