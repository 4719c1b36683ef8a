"""The shape of a day, and what its parameters refuse."""

import datetime
import re

import luigi
import pytest

from conf import days
from conf.errors import BadSetting
from lake import commits
from tasks.base import DayParameter
from tasks.daily import Backfill, DailyPipeline
from tasks.model import DecideRetrain, PromoteModel, RetrainIfNeeded

DATE = datetime.date(2024, 3, 1)


def edges(task, found=None):
    found = {} if found is None else found
    requires = luigi.task.flatten(task.requires())
    found[task.task_family] = sorted(one.task_family for one in requires)
    for one in requires:
        assert one.date == task.date
        edges(one, found)
    return found


def test_a_day_is_fetched_cleaned_evaluated_decided_recommended_and_reported():
    fetched = ["FetchListenHistory", "FetchTracks", "FetchUsers"]
    assert edges(DailyPipeline(date=DATE)) == {
        "DailyPipeline": ["HealthReport", "Recommend"],
        "HealthReport": ["Maintain"],
        "Maintain": ["Recommend"],
        "Recommend": ["RetrainIfNeeded"],
        "RetrainIfNeeded": ["DecideRetrain"],
        "DecideRetrain": ["EvaluateModel"],
        "EvaluateModel": ["CleanListens", "CleanTracks", "CleanUsers"],
        **{key: ["CheckSnapshot"] for key in ["CleanListens", "CleanTracks", "CleanUsers"]},
        "CheckSnapshot": fetched,
        **{key: [] for key in fetched},
    }


def test_a_promotion_stands_on_a_training_and_that_on_the_decision():
    found = edges(PromoteModel(date=DATE))
    assert (found["PromoteModel"], found["TrainModel"]) == (["TrainModel"], ["DecideRetrain"])


def test_training_is_asked_for_only_where_that_was_decided(monkeypatch):
    task = RetrainIfNeeded(date=DATE)
    monkeypatch.setattr(commits, "decision", lambda *_: "keep")
    assert list(task.run()) == []
    monkeypatch.setattr(commits, "decision", lambda *_: "train")
    assert [one.task_id for one in task.run()] == [PromoteModel(date=DATE).task_id]


@pytest.mark.parametrize(
    ("decision", "promoted", "complete"), [("keep", False, True), ("train", False, False), ("train", True, True)]
)
def test_it_is_complete_when_it_says_keep_or_the_promotion_is_decided(monkeypatch, decision, promoted, complete):
    tasks = {"DecideRetrain": True, "PromoteModel": promoted}
    monkeypatch.setattr(commits, "committed", lambda root, table, task, date, revision: tasks[task])
    monkeypatch.setattr(commits, "decision", lambda *_: decision)
    assert RetrainIfNeeded(date=DATE).complete() is complete


def test_a_shared_snapshot_is_fetched_once_for_all_days():
    days = list(Backfill(start=DATE, end=DATE + datetime.timedelta(days=2), snapshot_date=DATE).run())
    assert [day.date.day for day in days] == [1, 2, 3]
    cleaned = [day.requires()[0].requires().requires().requires().requires()[0] for day in days]
    assert {one.requires().date for one in cleaned} == {DATE}


def test_a_range_that_ends_before_it_starts_is_refused():
    with pytest.raises(BadSetting, match="is after"):
        Backfill(start=DATE, end=DATE - datetime.timedelta(days=1))


def test_a_day_that_has_not_come_and_one_that_cannot_be_are_refused():
    with pytest.raises(BadSetting, match="has not come yet"):
        DailyPipeline(date=days.today() + datetime.timedelta(days=1))
    with pytest.raises(BadSetting, match="found '2024-02-30', required is a day as YYYY-MM-DD"):
        DayParameter().parse("2024-02-30")


def test_today_may_run_and_is_partial():
    assert DailyPipeline(date=days.today()).partial
    assert DailyPipeline(date=days.today()).version == 0
    assert DailyPipeline(date=DATE).version == 1


@pytest.mark.parametrize(
    ("flag", "found", "refused"),
    [
        ("force_train", "keep", "--force-train: 2024-03-01 is decided already (retrain: keep); give --revision 2"),
        ("force_train", "train", ""),
        ("no_promote", "promote", "--no-promote: 2024-03-01 is decided already (promote: promote); give --revision 2"),
        ("no_promote", "refuse", ""),
    ],
)
def test_a_decision_that_stands_is_not_silently_kept_against_a_flag(monkeypatch, flag, found, refused):
    monkeypatch.setattr(commits, "committed", lambda *_: True)
    monkeypatch.setattr(commits, "decision", lambda *_: found)
    if refused:
        with pytest.raises(BadSetting, match=re.escape(refused)):
            DailyPipeline(date=DATE, **{flag: True})
    else:
        DailyPipeline(date=DATE, **{flag: True})


def test_the_flags_reach_the_jobs_that_decide():
    day = DailyPipeline(date=DATE, force_train=True, no_promote=True)
    assert "--force-train" in day.clone(DecideRetrain).job_options()
    assert day.clone(PromoteModel).job_options() == ["--no-promote"]
    assert DailyPipeline(date=DATE).clone(DecideRetrain).job_options() == []
