"""The whole day, and ranges of days.

luigi --module tasks.daily DailyPipeline --local-scheduler [--date YYYY-MM-DD]
luigi --module tasks.daily Backfill --local-scheduler --start YYYY-MM-DD --end YYYY-MM-DD
"""

import datetime
from collections.abc import Iterable, Iterator

import luigi

from conf import days
from conf.errors import BadSetting
from lake import commits
from lake.layout import report_file, report_revision
from tasks.base import DatedTask, DayParameter, OptionalDayParameter
from tasks.publish import Publish, published_dates
from tasks.recommend import Recommend
from tasks.report import HealthReport
from tasks.run.luigi_settings import settings


class Day(DatedTask, luigi.WrapperTask):
    """One date, whole; what :class:`DailyPipeline` recomputes of the dates after its own."""

    def requires(self) -> list:
        published = [self.clone(Publish)] if self.settings.postgres.url else []
        return [self.clone(Recommend), *published, self.clone(HealthReport)]

    def complete(self) -> bool:
        return done(self.root, [self.date], self.version, self.partial) == {self.date}


class DailyPipeline(Day):
    """Everything of a date: fetched, cleaned, evaluated, decided, recommended, published, reported.

    With ``--revision N`` the date is recomputed from its raw folders, and every later date that has been run
    after it, in order: each stands on those before.
    """

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        if self.revision > 1:
            self._refuse_old_revision()
        self._refuse_to_force_what_is_decided()

    def _refuse_old_revision(self) -> None:
        """A later date that carries the number already would be taken for done, though it is not."""
        revisions = commits.accounted(self.root)
        taken = {date: n for date, n in revisions.items() if date > self.date and n >= self.revision}
        if taken and revisions.get(self.date, 0) < self.revision:
            raise BadSetting(
                f"--revision: found {self.revision}, but {min(taken)} is at {max(taken.values())} already; "
                f"take {max(taken.values()) + 1}"
            )

    def _refuse_to_force_what_is_decided(self) -> None:
        """A decision that stands would be kept, and the flag silently dropped."""
        given = {"--force-train": ("DecideRetrain", "retrain"), "--no-promote": ("PromoteModel", "promote")}
        for flag, (task, step) in given.items():
            wanted = self.force_train if flag == "--force-train" else self.no_promote
            if not wanted or not commits.committed(self.root, "decisions", task, self.date, self.version):
                continue
            found = commits.decision(self.root, self.date, step)
            if found == ("keep" if step == "retrain" else "promote"):
                raise BadSetting(
                    f"{flag}: {self.date} is decided already ({step}: {found}); give --revision "
                    f"{commits.accounted(self.root).get(self.date, 1) + 1} with it to decide the date anew"
                )

    def following(self) -> list[datetime.date]:
        """The later dates that a recompute goes on to."""
        return [date for date in commits.accounted(self.root) if date > self.date] if self.revision > 1 else []

    def complete(self) -> bool:
        following = self.following()
        return super().complete() and done(self.root, following, self.version) == set(following)

    def run(self) -> Iterator[luigi.Task]:
        for date in self.following():
            yield Day(date=date, revision=self.revision)

    @classmethod
    def bulk_complete(cls, parameter_tuples: Iterable) -> list:
        """Those that are complete, with each table opened once: what Luigi's ranges of dates ask."""
        given = {
            parameters: parameters[0] if isinstance(parameters, tuple) else parameters
            for parameters in parameter_tuples
        }
        found = done(Day().root, list(given.values()), 1)
        return [parameters for parameters, date in given.items() if date in found]


class Backfill(luigi.Task):
    """The days from ``start`` to ``end``, one after another; where it stopped it goes on."""

    start = DayParameter(description="first day")
    end = DayParameter(description="last day")
    snapshot_date = OptionalDayParameter(
        default=None, significant=False, description="share this date's raw folders among all days"
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        if self.start > self.end:
            raise BadSetting(f"--start {self.start} is after --end {self.end}")

    def dates(self) -> list[datetime.date]:
        count = (self.end - self.start).days + 1
        return [self.start + datetime.timedelta(days=day) for day in range(count)]

    def complete(self) -> bool:
        return not self.missing()

    def missing(self) -> list[datetime.date]:
        """Days that are not whole yet; of today, what a day that is not over has is enough."""
        dates, root = self.dates(), Day().root
        found = done(root, dates, 1) | done(root, [date for date in dates if date >= days.today()], 0, partial=True)
        return [date for date in dates if date not in found]

    def run(self) -> Iterator[luigi.Task]:
        for date in self.missing():
            yield DailyPipeline(date=date, snapshot_date=self.snapshot_date)


def done(root: str, dates: list[datetime.date], revision: int, partial: bool = False) -> set[datetime.date]:
    """The dates whose lists and report (and publication, where there is a mart) are there: a year in a second.

    In this revision or a later one.
    """
    listed = commits.committed_dates(root, "recommendations", "Recommend", dates, revision)
    reported = {date for date in listed if report_revision(report_file(root, date, partial)) >= revision}
    postgres = settings().postgres
    return published_dates(postgres, sorted(reported), revision) if postgres.url and reported else reported
