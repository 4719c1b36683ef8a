"""Evaluate what was served, decide whether to train, and train and promote where that was decided."""

from collections.abc import Iterator

import luigi

from lake import commits
from tasks.base import DatedTask, JobTask
from tasks.clean import CleanListens, CleanTracks, CleanUsers


class EvaluateModel(JobTask):
    """Live figures of the lists of the day before; with no such lists, that fact alone."""

    job, table = "evaluate", "evaluations"
    sections = ("api", "lake", "spark", "evaluate", "recommend", "registry")

    def requires(self) -> list:
        return [self.clone(task) for task in (CleanTracks, CleanUsers, CleanListens)]


class DecideRetrain(JobTask):
    """One row: train or keep, and why."""

    job, table = "decide", "decisions"
    sections = ("lake", "evaluate", "retrain")
    needs_spark = False

    def requires(self) -> JobTask:
        return self.clone(EvaluateModel)

    def job_options(self) -> list[str]:
        flags = {"--partial": self.partial, "--force-train": self.force_train}
        return [flag for flag, given in flags.items() if given]


class TrainModel(JobTask):
    """A challenger, measured on the holdout beside popularity and the champion."""

    job, table = "train", "evaluations"
    sections = ("api", "lake", "spark", "als", "evaluate", "recommend", "registry")

    def requires(self) -> JobTask:
        return self.clone(DecideRetrain)


class PromoteModel(JobTask):
    """The better of challenger and champion goes, or stays, in production."""

    job, table = "promote", "decisions"
    sections = ("lake", "spark", "als", "evaluate", "promote", "recommend", "registry")

    def requires(self) -> JobTask:
        return self.clone(TrainModel)

    def job_options(self) -> list[str]:
        return ["--no-promote"] if self.no_promote else []


class RetrainIfNeeded(DatedTask):
    """Acts on the row of DecideRetrain: nothing to do for keep, PromoteModel for train."""

    def requires(self) -> JobTask:
        return self.clone(DecideRetrain)

    def complete(self) -> bool:
        return self.requires().complete() and (not self._wanted() or self.clone(PromoteModel).complete())

    def run(self) -> Iterator[luigi.Task]:
        if self._wanted():
            yield self.clone(PromoteModel)

    def _wanted(self) -> bool:
        return commits.decision(self.root, self.date, "retrain") == "train"
