"""Publishing as a step of the day: only where there is a mart, beside the report, with no password on a command line."""

import datetime

import luigi
import pytest

from lake import commits
from tasks import daily
from tasks.daily import DailyPipeline, Day
from tasks.publish import Publish
from tasks.report import HealthReport

DATE = datetime.date(2024, 3, 1)
URL = "postgresql://me:s3cret@127.0.0.1:1/mart"


@pytest.fixture
def with_mart():
    config = luigi.configuration.get_config()
    config.set("postgres", "url", URL)
    yield
    config.remove_section("postgres")


def families(tasks) -> list[str]:
    return [task.task_family for task in tasks]


def test_without_a_mart_nothing_is_published():
    assert families(DailyPipeline(date=DATE).requires()) == ["Recommend", "HealthReport"]


def test_with_one_the_day_is_published_and_the_report_does_not_wait_for_it(with_mart):
    assert families(DailyPipeline(date=DATE).requires()) == ["Recommend", "Publish", "HealthReport"]
    assert Publish(date=DATE).requires().task_family == "Recommend"
    assert HealthReport(date=DATE).requires().task_family == "Maintain"
    assert Publish(date=DATE).priority > HealthReport(date=DATE).priority


def test_the_password_goes_by_the_environment(with_mart):
    task = Publish(date=DATE)
    assert "s3cret" not in " ".join(task.program_args())
    assert task.program_environment()["MOOVITAMIX_POSTGRES_URL"] == URL
    assert "s3cret" not in repr(task.settings)


def test_a_mart_that_does_not_answer_has_published_nothing(with_mart):
    assert not Publish(date=DATE).complete()


def test_a_day_is_whole_when_it_is_published(with_mart, monkeypatch):
    monkeypatch.setattr(commits, "committed_dates", lambda *_: {DATE})
    monkeypatch.setattr(daily, "report_revision", lambda *_: 1)
    monkeypatch.setattr(daily, "published_dates", lambda *_: set())
    assert not Day(date=DATE).complete()
    monkeypatch.setattr(daily, "published_dates", lambda postgres, dates, revision: set(dates))
    assert Day(date=DATE).complete()
