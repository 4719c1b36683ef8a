"""Names and units by Prometheus' conventions, made from the catalogue alone."""

import datetime
import re

import pytest

from conf.figures import METRICS
from conf.figures.metric import Metric
from jobs.health.exporting.naming import exported, help_text, name


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("steps_failed", "moovitamix_steps_failed"),
        ("quarantined_share", "moovitamix_quarantined_ratio"),
        ("coverage", "moovitamix_coverage_ratio"),
        ("step_duration", "moovitamix_step_duration_seconds"),
        ("step_memory", "moovitamix_step_memory_bytes"),
        ("live_ndcg", "moovitamix_live_ndcg"),
        ("days_missing", "moovitamix_missing_dates"),
        ("champion_age", "moovitamix_champion_promotion_timestamp_seconds"),
    ],
)
def test_a_name_is_the_prefix_the_thing_and_the_base_unit(metric, expected):
    assert name(METRICS[metric]) == expected


def test_a_variant_stands_before_the_unit():
    assert name(METRICS["step_duration"], "usual") == "moovitamix_step_duration_usual_seconds"
    assert name(METRICS["rows_fetched"], "usual") == "moovitamix_rows_fetched_usual"


def test_no_two_figures_share_a_name_and_each_is_one_that_prometheus_takes():
    names = [name(metric) for metric in METRICS.values()]
    assert len(set(names)) == len(names)
    assert [bad for bad in names if not re.fullmatch(r"moovitamix_[a-z][a-z0-9_]*", bad)] == []
    assert [bad for bad in names if bad.endswith(("_total", "_count", "_sum", "_bucket", "_info"))] == []


def test_what_is_measured_in_days_is_declared_as_an_age_or_as_a_count():
    """Nothing is exported in days: an age goes out as a time, and a number of days under a name of its own."""
    days = {metric.name for metric in METRICS.values() if metric.unit == "days"}
    assert days == {"champion_age", "table_age", "days_missing"}


def test_an_age_goes_out_as_the_time_that_it_counts_from():
    date = datetime.date(2026, 3, 11)
    promoted = datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC).timestamp()
    assert exported(METRICS["champion_age"], date, 10.0) == promoted
    assert help_text(METRICS["champion_age"]) == "When the champion was promoted."


def test_other_figures_go_out_as_they_are():
    assert exported(METRICS["step_memory"], datetime.date(2026, 3, 11), 3e8) == 3e8


def test_help_is_the_catalogue_s_sentence():
    assert help_text(Metric("x", "X", "rows", "rows of x", "high")) == "Rows of x."
