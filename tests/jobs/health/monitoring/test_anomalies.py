"""Sixty quiet days are silent, and each of ten faults is named in the verdict of its day."""

import datetime

import pytest

from conf.settings import Settings
from jobs.health.monitoring import series
from jobs.health.monitoring.anomalies import findings
from jobs.health.monitoring.verdict import verdict
from tests.jobs.health.monitoring.quiet import FIRST, quiet

SETTINGS = Settings()
LAST = FIRST + datetime.timedelta(days=59)
USERS = ("users_served", "")


def found(recorded, date=LAST):
    return findings(recorded, date, SETTINGS, "lake")


def with_fault(changes, seed=0, days=60):
    """A quiet series whose last day is changed: by factors, or to values."""
    recorded = quiet(seed, days)
    for key, change in changes.items():
        date, value = recorded[key][-1]
        recorded[key][-1] = (date, change(value))
    return recorded


def to(value):
    return lambda before: float(value)


def times(factor):
    return lambda before: before * factor


@pytest.mark.parametrize("growth", [0.0, 0.003, 0.01, -0.003], ids=["steady", "growing", "growing fast", "shrinking"])
@pytest.mark.parametrize("seed", range(2))
def test_quiet_days_are_silent(seed, growth):
    recorded = quiet(seed, growth=growth)
    dates = [FIRST + datetime.timedelta(days=number) for number in range(60)]
    assert [finding.text for date in dates for finding in found(recorded, date)] == []
    assert verdict([], series.on(recorded, LAST)).startswith("All is well")


FAULTS = {
    "an entity empty": (
        {("rows_fetched", "users"): to(0), ("rows_clean", "users"): to(0), USERS: to(0)},
        "Act now: 0 rows of users were fetched",
    ),
    "half the rows gone": (
        {("rows_fetched", "listen_history"): times(0.5), ("rows_clean", "listen_history"): times(0.5)},
        "rows of listen_history were fetched",
    ),
    "a field going null": ({("null_share", "users.gender"): to(1)}, "users.gender has no value in 100.0% of the rows"),
    "duplicates doubling": ({("duplicate_share", "listen_history"): times(2)}, "of listen_history are duplicates"),
    "a slow step": (
        {("step_duration", "CleanListens"): times(3), ("step_cpu", "CleanListens"): times(3)},
        "CleanListens took",
    ),
    "a torn snapshot": ({("torn_snapshots", "tracks"): to(1)}, "the snapshot of tracks was torn once"),
    "taste drift": ({("live_ndcg", ""): times(0.5)}, "live NDCG is 0.02"),
    "a dead mail server": ({("mail_failures", ""): to(2)}, "mail could not be sent twice"),
    "a champion too old": ({("champion_age", ""): to(31)}, "the champion is 31 days old"),
    "a killed step": ({("steps_killed", "Recommend"): to(1)}, "Recommend was killed once"),
}


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_named_in_the_verdict_of_its_day(fault, seed):
    changes, said = FAULTS[fault]
    recorded = with_fault(changes, seed)
    sentence = verdict(found(recorded), series.on(recorded, LAST))
    assert said in sentence
    assert not sentence.startswith("All is well")
    # No more is found than what was broken.
    assert {(finding.metric, finding.label) for finding in found(recorded)} <= changes.keys()


@pytest.mark.parametrize("fault", ["half the rows gone", "a field going null", "a torn snapshot", "a dead mail server"])
def test_limits_hold_from_the_second_day_on(fault):
    changes, said = FAULTS[fault]
    recorded = with_fault(changes, days=2)
    date = FIRST + datetime.timedelta(days=1)
    assert said in verdict(findings(recorded, date, SETTINGS), {})


def test_a_few_days_of_history_are_no_measure_of_what_is_usual():
    recorded = with_fault({("step_duration", "CleanListens"): times(9)}, days=7)
    assert found(recorded, FIRST + datetime.timedelta(days=6)) == []


def test_a_finding_says_the_value_what_is_usual_and_why_it_was_flagged():
    days = [FIRST + datetime.timedelta(days=number) for number in range(9)]
    values = [20.0, 21.0, 20.0, 19.0, 20.0, 22.0, 20.0, 20.0, 90.0]
    recorded = {("step_duration", "Recommend"): list(zip(days, values, strict=True))}
    [finding] = found(recorded, days[-1])
    assert finding.text == (
        "Recommend took 90.0 s: usual is 20.0 s (median of 8 days; the last days had 19.0 s, 20.0 s, 22.0 s, 20.0 s, "
        "20.0 s); it lies more than 15.0 s from that"
    )
    assert (finding.severity, finding.command) == ("warning", "grep Recommend lake/logs/2024-01-09/day.*")


def test_a_finding_of_a_limit_says_which():
    [finding] = found({("champion_age", ""): [(LAST, 41.0)]})
    assert finding.text == "the champion is 41 days old: allowed is at most 30 days ([retrain] max_age_days)"


def test_a_weekend_is_held_against_weekends():
    recorded = quiet(1)
    friday, saturday = (FIRST + datetime.timedelta(days=number) for number in (53, 54))
    plays = dict(recorded["plays_of_day", ""])
    monday = plays[FIRST + datetime.timedelta(days=49)]
    plays[saturday] = monday * 0.7  # no wonder on a Monday
    points = sorted(plays.items())
    [finding] = found({("plays_of_day", ""): points}, saturday)
    assert "of 4 Saturdays" in finding.text
    assert found({("plays_of_day", ""): points}, friday) == []


def test_a_failed_step_is_critical_only_where_the_day_is_not_done():
    failed = {("steps_failed", "CleanUsers"): [(LAST, 1.0)]}
    done = failed | {("day_complete", ""): [(LAST, 1.0)]}
    open_ = failed | {("day_complete", ""): [(LAST, 0.0)]}
    assert [finding.severity for finding in found(done)] == ["warning"]
    assert [(finding.metric, finding.severity) for finding in found(open_)] == [
        ("steps_failed", "critical"),
        ("day_complete", "critical"),
    ]


def losing(days, users=500):
    dates = [LAST - datetime.timedelta(days=number) for number in reversed(range(days))]
    return {
        ("live_ndcg", ""): [(date, 0.019) for date in dates],
        ("live_ndcg_popularity", ""): [(date, 0.020) for date in dates],
        ("live_users", ""): [(date, float(users)) for date in dates],
    }


def test_a_model_behind_popularity_is_named_after_three_days_of_enough_users():
    assert found(losing(2)) == []
    [finding] = found(losing(3))
    assert "popularity had 0.0200, and was better on each of the last 3 days" in finding.text
    assert found(losing(3, users=99)) == []


def test_live_figures_of_too_few_users_are_not_judged():
    recorded = with_fault({("live_ndcg", ""): times(0.3), ("live_users", ""): to(99)})
    assert {finding.metric for finding in found(recorded)} == {"live_users"}


def of_step(values):
    """A series of a step's seconds, a day each, and its last day."""
    days = [FIRST + datetime.timedelta(days=number) for number in range(len(values))]
    return {
        ("step_duration", "Recommend"): [(day, float(value)) for day, value in zip(days, values, strict=True)]
    }, days


def test_a_figure_that_always_varies_much_has_to_vary_more_to_be_found():
    recorded, days = of_step([60, 140, 70, 130, 60, 140, 70, 130, 60, 140, 260])
    # Beyond its extremes by more than the tolerance, and by 4 deviations of about 52 it is not.
    assert found(recorded, days[-1]) == []
    recorded, days = of_step([98, 102, 99, 101, 98, 102, 99, 101, 98, 102, 260])
    assert len(found(recorded, days[-1])) == 1


def test_a_new_level_is_told_on_its_second_day_too():
    recorded, days = of_step([20.0] * 18 + [90.0, 90.0])
    assert [len(found(recorded, day)) for day in days[-3:]] == [0, 1, 1]
