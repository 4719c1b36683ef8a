import datetime

import pytest

from jobs.health.trend import days, plot, text
from lake.access import Lake

FIRST, SECOND = datetime.date(2024, 3, 1), datetime.date(2024, 3, 2)


@pytest.fixture
def lake(tmp_path):
    lake = Lake(str(tmp_path))
    figure = {"date": SECOND, "kind": "live", "metric": "ndcg", "k": 10, "low": 0.05, "high": 0.07, "users": 120}
    figures = [
        {**figure, "model": "als", "model_version": "1", "value": 0.06},
        {**figure, "model": "popularity_als", "model_version": "", "value": 0.02},
        {**figure, "model": "als", "model_version": "1", "value": 0.9, "k": 5},
    ]
    decision = {"figures": "{}", "model_version": "", "champion_version": ""}
    decisions = [
        {**decision, "date": FIRST, "step": "retrain", "decision": "train", "reason": "no champion"},
        {**decision, "date": FIRST, "step": "promote", "decision": "promote", "reason": "it won", "model_version": "1"},
        {**decision, "date": SECOND, "step": "retrain", "decision": "keep", "reason": "all is well"},
    ]
    lake.append_rows(figures, "evaluations", "evaluations/test/1")
    lake.append_rows(decisions, "decisions", "decisions/test/1")
    return lake


def test_a_line_a_day_with_the_figure_beside_popularity_and_reasons_of_what_was_done(lake):
    lines = text(days(lake, FIRST, SECOND, 10), 10).splitlines()
    assert [line.split() for line in lines[1:]] == [
        ["2024-03-01", "-", "-", "-", "0", "train,", "promote"],
        ["retrain:", "no", "champion"],
        ["promote:", "it", "won"],
        ["2024-03-02", "1", "0.0600", "(0.0500", "to", "0.0700)", "0.0200", "120", "keep"],
    ]


def test_it_is_drawn_with_the_promotion_and_the_mark(lake, tmp_path):
    target = tmp_path / "plots" / "trend.svg"
    plot(days(lake, FIRST, SECOND, 10), 10, SECOND, target)
    drawn = target.read_text()
    assert "<svg" in drawn
    assert drawn.count("<!-- ") > 10


def test_a_lake_without_days_is_told_so_by_an_empty_table(tmp_path):
    assert text(days(Lake(str(tmp_path)), FIRST, SECOND, 10), 10).count("\n") == 0
