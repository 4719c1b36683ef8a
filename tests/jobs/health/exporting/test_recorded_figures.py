"""Which recorded value stands, what is zero without a record, what is usual."""

import datetime

import pytest

from jobs.health.exporting import recorded_figures
from jobs.health.exporting.recorded_figures import MOST_LABELS, bounded, declared, recent, standing, usual
from lake.access import Lake
from tests.jobs.health.exporting.days import before, find, history, record

TODAY = datetime.date(2026, 3, 20)
YESTERDAY = before(TODAY, 1)


def values(recorded, newest=TODAY):
    return {key: value for key, (_, value) in standing(recorded, newest).items()}


def test_an_event_of_an_earlier_day_is_over_and_none_recorded_is_zero():
    recorded = {("mail_failures", ""): [(YESTERDAY, 2.0)], ("steps_failed", "Recommend"): [(YESTERDAY, 1.0)]}
    found = values(recorded)
    assert found["mail_failures", ""] == 0
    assert found["steps_failed", "Recommend"] == 0
    assert found["days_missing", ""] == 0


def test_an_event_of_the_newest_day_counts():
    assert values({("mail_failures", ""): [(YESTERDAY, 1.0), (TODAY, 3.0)]})["mail_failures", ""] == 3


def test_events_are_zero_for_every_entity_and_for_tasks_that_were_seen():
    found = values({("step_duration", "Recommend"): [(TODAY, 9.0)]})
    assert {label for metric, label in found if metric == "torn_snapshots"} == {"tracks", "users", "listen_history"}
    assert {label for metric, label in found if metric == "steps_killed"} == {"Recommend"}


def test_a_state_stands_for_a_week_and_with_its_own_date():
    ndcg = ("live_ndcg", "")
    assert standing({ndcg: [(before(TODAY, 7), 0.08)]}, TODAY)[ndcg] == (before(TODAY, 7), 0.08)
    assert ndcg not in standing({ndcg: [(before(TODAY, 8), 0.08)]}, TODAY)


def test_a_label_that_is_gone_from_its_metric_does_not_stand():
    recorded = {("null_share", "tracks.a"): [(YESTERDAY, 0.1)], ("null_share", "tracks.b"): [(TODAY, 0.2)]}
    assert {label for metric, label in values(recorded) if metric == "null_share"} == {"tracks.b"}


def test_what_is_not_declared_or_no_number_is_left_out():
    recorded = {
        ("invented", ""): [(TODAY, 1.0)],
        ("coverage", ""): [(YESTERDAY, 0.3), (TODAY, float("nan"))],
        ("live_ndcg", ""): [(TODAY, None)],
    }
    assert declared(recorded) == {("coverage", ""): [(YESTERDAY, 0.3)]}


def test_usual_is_the_median_of_the_days_before():
    key = ("step_duration", "Recommend")
    durations = [
        (before(TODAY, back), value) for back, value in ((5, 10.0), (4, 12.0), (3, 90.0), (2, 11.0), (1, 13.0))
    ]
    assert usual({key: [*durations, (TODAY, 500.0)]}, TODAY) == {key: 12.0}


def test_of_four_days_nothing_is_usual():
    key = ("step_duration", "Recommend")
    assert usual({key: [(before(TODAY, back), 10.0) for back in (4, 3, 2, 1)]}, TODAY) == {}


def test_recent_is_the_mean_of_the_window_with_its_last_day():
    key = ("live_ndcg", "")
    points = [(before(TODAY, 3), 9.0), (before(TODAY, 2), 0.1), (YESTERDAY, 0.2), (TODAY, 0.6)]
    assert recent({key: points}, TODAY, 3) == {key: pytest.approx(0.3)}


def test_labels_beyond_the_bound_are_left_out_and_counted():
    many = {("quarantined_rows", f"rule_{number:03}"): (TODAY, 1.0) for number in range(MOST_LABELS + 7)}
    kept, left_out = bounded({**many, ("coverage", ""): (TODAY, 0.4)})
    assert (len(kept), left_out) == (MOST_LABELS + 1, 7)
    assert ("quarantined_rows", "rule_000") in kept


def test_a_lake_is_read_at_its_newest_date(tmp_path):
    lake = Lake(str(tmp_path))
    history(lake, YESTERDAY, 10)
    record(lake, TODAY, {("day_complete", ""): 0.0, ("rows_fetched", "tracks"): 700.0})
    find(lake, TODAY, ("rows_fetched", "tracks", "warning"), ("rows_fetched", "users", "warning"))
    found = recorded_figures.read(lake, 7)
    assert (found.date, found.complete) == (TODAY, YESTERDAY)
    assert found.values["rows_fetched", "tracks"] == (TODAY, 700.0)
    assert found.usual["rows_fetched", "tracks"] == 1000
    assert found.findings == {("rows_fetched", "warning"): 2}


def test_a_lake_without_records_has_no_date(tmp_path):
    lake = Lake(str(tmp_path))
    lake.ensure("health")
    assert recorded_figures.read(lake, 7).date is None
