import datetime

import pytest

from jobs.health.monitoring.anomalies import findings
from jobs.health.reporting.choice import charts, drawn, tiles
from jobs.health.reporting.panels import Band, band, extent, panel
from jobs.health.reporting.sparkline import sparkline
from tests.jobs.health.reporting.days import DAY, SETTINGS, before, month

LIVE = ("live_ndcg", "")


def days(*values):
    """The last of the values is DAY's."""
    return [(before(len(values) - 1 - place), value) for place, value in enumerate(values)]


def test_a_missing_day_is_a_gap_and_not_a_zero():
    found = panel({LIVE: [(before(2), 0.5), (DAY, 0.7)]}, {}, LIVE, DAY, 4.0, days=4)
    assert found.dates == [before(3), before(2), before(1), DAY]
    assert found.values == [None, 0.5, None, 0.7]


def test_the_usual_is_the_median_of_the_weeks_before_without_the_day_itself():
    found = band(days(1000, 1020, 1010, 1030, 990, 1010, 1000, 5000), "plays_of_day", DAY, 100.0)
    # Median 1010; absolute deviations 0 0 10 10 10 20 20, their median 10; 100 deviations of 14.826 are 1482.6.
    assert found == Band(1010, 0, pytest.approx(1010 + 1482.6))


def test_the_band_holds_what_the_rules_find_nothing_to_say_of():
    series = {("plays_of_day", ""): month()[("plays_of_day", "")][:-1]}
    usual = band(series[("plays_of_day", "")], "plays_of_day", DAY, SETTINGS.health.deviations)
    for value, found in ((usual.high - 1, 0), (usual.high + 1, 1), (usual.low + 1, 0), (usual.low - 1, 1)):
        judged = findings({("plays_of_day", ""): [*series[("plays_of_day", "")], (DAY, value)]}, DAY, SETTINGS)
        assert len(judged) == found


def test_what_has_a_limit_and_is_not_held_against_its_own_days_has_no_band():
    assert band(days(*[0.0] * 20), "steps_failed", DAY, 4.0) is None


def test_of_few_days_nothing_is_usual():
    assert band(days(1, 2, 3, 4, 5), LIVE[0], DAY, 4.0) is None


def test_popularity_is_drawn_beside_the_live_figure():
    found = panel({LIVE: days(0.5), ("live_ndcg_popularity", ""): days(0.3)}, {}, LIVE, DAY, 4.0, days=1)
    assert found.beside == [0.3]


def test_flags_of_other_days_than_are_drawn_are_left_out():
    flags = {LIVE: {before(40): "critical", before(1): "warning"}}
    found = panel({LIVE: days(1, 2)}, flags, LIVE, DAY, 4.0, days=10)
    assert found.flags == {before(1): "warning"}
    assert found.severity == ""


def test_a_flagged_figure_is_drawn_first_even_where_it_is_not_among_the_usual_ones():
    series = {**month(), ("table_age", "tracks"): days(0, 0, 4)}
    found = charts(series, {("table_age", "tracks"): {DAY: "warning"}}, DAY, 4.0)
    assert found["data"][0].metric == "table_age"
    assert [panel.metric for panel in found["model"]][:2] == ["users_served", "live_ndcg"]


def test_a_figure_with_many_labels_does_not_crowd_out_the_others():
    series = {("step_duration", f"Step{place}"): days(float(place)) for place in range(20)}
    series[("day_duration", "")] = days(30.0)
    series[("step_memory", "Step1")] = days(1e8)
    drawn = [(each.metric, each.label) for each in charts(series, {}, DAY, 4.0)["performance"]]
    assert drawn[:3] == [("day_duration", ""), ("step_duration", "Step19"), ("step_memory", "Step1")]
    assert len(drawn) == 6


def test_counts_that_have_always_been_zero_are_not_drawn():
    series = {("steps_failed", "CleanUsers"): days(0, 0), ("mail_failures", ""): days(0, 1)}
    assert [each.metric for each in charts(series, {}, DAY, 4.0)["stability"]] == ["mail_failures"]


def test_what_only_other_days_have_is_not_drawn():
    series = {("step_duration", "TrainModel"): [(before(3), 40.0)], ("step_duration", "Recommend"): days(4.0)}
    assert [each.label for each in charts(series, {}, DAY, 4.0)["performance"]] == ["Recommend"]


def test_of_a_young_lake_only_its_days_are_drawn():
    assert drawn({LIVE: days(1, 2)}, DAY) == 10
    assert drawn({LIVE: days(*range(14))}, DAY) == 14
    assert drawn({LIVE: days(*range(50))}, DAY) == 30


def test_tiles_are_of_figures_that_have_ever_had_a_value():
    assert [each.metric for each in tiles({LIVE: days(1)}, {}, DAY, 4.0)] == ["live_ndcg"]
    quiet = tiles(month(), {}, DAY, 4.0)
    assert [each.metric for each in quiet][:2] == ["users_served", "live_ndcg"]


def test_values_that_hardly_move_are_not_drawn_as_drama():
    assert extent([98, 100]) == (89, 109)  # a fifth of 100 about the middle
    assert extent([1, 100]) == (0, 100)
    assert extent([1.0, 1.0], most=1.0) == (0.8, 1.0)
    assert extent([]) == (0, 1)
    assert extent([0, 0]) == (0, 1)
    assert extent([-3, -2]) == (-3, -2)


def test_a_sparkline_breaks_where_a_day_is_missing():
    drawn = sparkline([0.0, 1.0, None, 1.0])
    assert 'd="M3.0 25.0L41.0 3.0M117.0 3.0"' in drawn
    assert 'cx="117.0" cy="3.0"' in drawn
    assert sparkline([None, 3.0]) == ""


def test_what_a_picture_shows_is_said_in_words():
    points = [(before(back), 0.5) for back in range(9, -1, -1)]
    said = panel({LIVE: points}, {LIVE: {DAY: "critical"}}, LIVE, DAY, 4.0, days=10).description
    assert said == (
        "Live NDCG, 10 of the 10 days to 2024-03-14: 0.5000 on the last; usually 0.3750 to 0.6250; "
        "marked: 2024-03-14 critical"
    )
    assert isinstance(DAY, datetime.date)
