import datetime

from jobs.health.monitoring import finding, series
from jobs.health.monitoring.finding import Finding
from lake.access import Lake

DAY = datetime.date(2024, 3, 10)
KEY = ("rows_fetched", "tracks")


def day(number):
    return DAY + datetime.timedelta(days=number)


def row(date, value, label="tracks"):
    return {"date": date, "metric": "rows_fetched", "label": label, "value": float(value)}


def test_series_are_read_up_to_a_date_and_no_further_back_than_asked(tmp_path):
    lake = Lake(str(tmp_path))
    lake.append_rows(
        [row(day(0), 3), row(day(-1), 2), row(day(-2), 1), row(day(1), 9), row(day(0), 7, "users")],
        "health",
        "health/x",
    )
    found = series.read(lake, DAY, days=2)
    assert found == {KEY: [(day(-1), 2.0), (day(0), 3.0)], ("rows_fetched", "users"): [(day(0), 7.0)]}
    assert series.on(found, DAY) == {KEY: 3.0, ("rows_fetched", "users"): 7.0}
    assert series.before(found, KEY, DAY) == [(day(-1), 2.0)]


def test_a_lake_without_figures_has_no_series(tmp_path):
    assert series.read(Lake(str(tmp_path)), DAY) == {}
    assert finding.read(Lake(str(tmp_path)), DAY) == []


def test_findings_come_back_most_pressing_first(tmp_path):
    lake = Lake(str(tmp_path))
    late = Finding("champion_age", "", "warning", "old: 31 days", "make models")
    early = Finding("steps_failed", "CleanUsers", "warning", "failed: once")
    worst = Finding("rows_fetched", "users", "critical", "none: 0")
    lake.append_rows([{"date": DAY, **vars(it)} for it in (late, early, worst)], "findings", "findings/x")
    assert finding.read(lake, DAY) == [worst, early, late]
