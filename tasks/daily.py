"""The whole day, and ranges of days.

luigi --module tasks.daily DailyPipeline --local-scheduler [--date YYYY-MM-DD]
luigi --module tasks.daily Backfill --local-scheduler --start YYYY-MM-DD --end YYYY-MM-DD
"""

import datetime
from collections.abc import Iterator

import luigi

from conf.errors import BadSetting
from tasks import console, ledger
from tasks.base import DatedTask, DayParameter, OptionalDayParameter
from tasks.recommend import Recommend
from tasks.report import HealthReport


class DailyPipeline(DatedTask, luigi.WrapperTask):
    """Everything of a date: fetched, cleaned, evaluated, decided, recommended, reported."""

    def requires(self) -> list:
        return [self.clone(Recommend), self.clone(HealthReport)]


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

    def days(self) -> list[DailyPipeline]:
        count = (self.end - self.start).days + 1
        dates = [self.start + datetime.timedelta(days=day) for day in range(count)]
        return [DailyPipeline(date=date, snapshot_date=self.snapshot_date) for date in dates]

    def complete(self) -> bool:
        return all(day.complete() for day in self.days())

    def run(self) -> Iterator[luigi.Task]:
        for day in self.days():  # noqa: UP028 - Luigi sends into the generator, which a list cannot take
            yield day


console.listen()
ledger.listen()
