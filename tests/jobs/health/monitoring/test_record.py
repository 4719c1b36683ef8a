"""A small lake's health: what is collected from its tables, recorded, found, and recorded anew."""

import dataclasses
import datetime

import pytest

from conf.errors import Refused
from conf.settings import Settings
from conf.tables import marker
from jobs.health import overview
from jobs.health.health import text
from jobs.health.monitoring import collect, day_health, lake_figures, model_figures, record, series
from lake.access import Lake

DAY = datetime.date(2024, 3, 10)
NOON = datetime.datetime(2024, 3, 10, 12, tzinfo=datetime.UTC)
SETTINGS = Settings()


def days_before(count):
    return DAY - datetime.timedelta(days=count)


def lists(date, sources):
    return [
        {"date": date, "user_id": user, "rank": rank, "track_id": rank, "source": source, "model_version": "1"}
        for user, source in enumerate(sources)
        for rank in (1, 2)
    ]


def figure(kind, model, metric, value, k=10, users=150):
    names = {"kind": kind, "model": model, "model_version": "1", "metric": metric, "k": k}
    return {"date": DAY, **names, "value": value, "users": users}


@pytest.fixture
def lake(tmp_path):
    """Lists of three days, of which one is missing; a champion of four days ago; two plays on the date."""
    lake = Lake(str(tmp_path))
    for date in (days_before(3), days_before(1), DAY):
        rows = lists(date, ["als", "als", "als", "popular"])
        lake.replace_rows(rows, "recommendations", marker("recommendations", "Recommend", date), date=date)
    evaluations = [
        figure("live", "als", "ndcg", 0.05),
        figure("live", "popularity_als", "ndcg", 0.02),
        figure("live", "als", "ndcg", 0.9, k=20),
        figure("live", "served", "coverage", 0.3),
        figure("live", "als", "unknown_play_share", 0.01, k=0),
        figure("holdout", "als", "ndcg", 0.06),
    ]
    lake.append_rows(evaluations, "evaluations", "evaluations/x")
    promoted = {"date": days_before(4), "step": "promote", "decision": "promote", "reason": "", "model_version": "1"}
    lake.append_rows([promoted], "decisions", "decisions/x")
    stamps = [NOON, NOON + datetime.timedelta(hours=11), NOON + datetime.timedelta(hours=12), NOON]
    plays = [
        {"user_id": 1, "track_id": 1, "listened_at": at, "position": 0, "updated_at": at, "first_seen": seen}
        for at, seen in zip(stamps, [DAY, DAY, DAY, DAY + datetime.timedelta(days=1)], strict=True)
    ]
    lake.append_rows(plays, "listens", "listens/x")
    counts = {"rows": 4, "fetched": 4, "clean": 4, "duplicate": 0, "quarantined": 0, "later": 0, "suppressed": 0}
    row = {"date": DAY, "entity": "tracks", "revision": 1, "snapshot_date": DAY, "reasons": "{}"}
    lake.append_rows([{**row, **counts}], "accounting", "accounting/x")
    return lake


def test_figures_of_the_model_are_at_k_and_of_the_date(lake):
    assert model_figures.of_date(lake, DAY, 10) == {
        ("live_ndcg", ""): 0.05,
        ("live_users", ""): 150,
        ("live_ndcg_popularity", ""): 0.02,
        ("holdout_ndcg", ""): 0.06,
        ("coverage", ""): 0.3,
        ("unknown_play_share", ""): 0.01,
        ("users_served", ""): 4,
        ("popular_share", ""): 0.25,
        ("champion_age", ""): 4,
        ("plays_of_day", ""): 2,
    }


def test_tables_are_as_old_as_their_newest_row_and_missing_days_are_counted(lake):
    found = lake_figures.of_date(lake, DAY + datetime.timedelta(days=2))
    assert found["table_age", "recommendations"] == 2
    assert found["table_age", "decisions"] == 6
    assert found["table_age", "listens"] == 1
    assert found["days_missing", ""] == 2  # one before the date and one after
    assert found["day_complete", ""] == 0
    assert lake_figures.of_date(lake, DAY)["day_complete", ""] == 1


def test_a_day_whose_lists_have_no_row_is_done(lake):
    """Nobody was there to get one, or nothing to be listed."""
    day = DAY + datetime.timedelta(days=1)
    row = {"date": day, "entity": "tracks", "revision": 1, "snapshot_date": day, "reasons": "{}"}
    counts = dict.fromkeys(("rows", "fetched", "clean", "duplicate", "quarantined", "later", "suppressed"), 0)
    lake.append_rows([{**row, **counts}], "accounting", "accounting/y")
    assert overview.last_day(lake) == DAY
    lake.replace_rows([], "recommendations", marker("recommendations", "Recommend", day), date=day)
    assert overview.last_day(lake) == day
    assert overview.missing_days(lake) == [days_before(2)]
    assert lake_figures.of_date(lake, day + datetime.timedelta(days=1))["days_missing", ""] == 1


def test_days_before_the_first_lists_are_not_missing():
    assert lake_figures.missing(set(), DAY) == 0
    assert lake_figures.missing({days_before(2)}, DAY) == 1
    assert lake_figures.missing({days_before(2)}, days_before(2)) == 0


def test_health_is_recorded_and_read_again(lake):
    made = record.record(lake, DAY, SETTINGS)
    assert made.figures["live_ndcg", ""] == 0.05
    assert "1 day before this one without lists" in made.verdict
    again = day_health.read(lake, DAY)
    assert again == made


def test_recorded_anew_a_date_has_its_last_figures_alone(lake):
    record.record(lake, DAY, SETTINGS)
    lake.replace_rows(lists(days_before(2), ["als"]), "recommendations", "recommendations/x", date=days_before(2))
    made = record.record(lake, DAY, SETTINGS)
    assert day_health.read(lake, DAY) == made
    assert "days_missing" not in {finding.metric for finding in made.findings}
    rows = lake.rows("health", [("metric", "=", "users_served")])
    assert [(row["date"], row["value"]) for row in rows] == [(DAY, 4)]


def test_a_rule_that_nothing_broke_on_the_day_has_a_zero(lake):
    broken = {"date": days_before(1), "metric": "quarantined_rows", "label": "tracks.name_null", "value": 3.0}
    lake.append_rows([broken], "health", "health/x")
    assert record.record(lake, DAY, SETTINGS).figures["quarantined_rows", "tracks.name_null"] == 0


def test_a_part_that_cannot_be_collected_costs_no_other(lake, monkeypatch):
    def fail(*_):
        raise OSError("no such disk")

    monkeypatch.setattr(collect.model_figures, "of_date", fail)
    found = collect.collect(lake, DAY, SETTINGS)
    assert ("live_ndcg", "") not in found
    assert found["rows_clean", "tracks"] == 4


def test_a_lake_that_takes_no_more_raises_nothing(lake, monkeypatch):
    def fail(*_, **__):
        raise OSError("no space left")

    monkeypatch.setattr(Lake, "replace_rows", fail)
    assert record.record(lake, DAY, SETTINGS).figures["users_served", ""] == 4


def test_people_read_the_verdict_then_each_finding_and_what_helps(lake):
    made = record.record(lake, DAY, SETTINGS)
    lines = text(made).splitlines()
    assert lines[0] == f"{DAY}  {made.verdict}"
    at = next(number for number, line in enumerate(lines) if "without lists" in line and number)
    assert lines[at].split()[0] == "WARNING"
    assert lines[at + 1].strip() == f"make status ROOT={lake.root}"


def test_a_day_that_is_not_over_says_so(lake):
    lake.append_rows([{"date": DAY, "entity": "users", "revision": 0, "reasons": "{}"}], "accounting", "accounting/y")
    made = day_health.read(lake, DAY)
    assert made.partial
    assert made.verdict.startswith("The day is not over")
    assert dataclasses.replace(made, partial=False) != made


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (series, "read"),
        (record, "_write"),
        (record.step_figures, "causes"),
        (lake_figures, "of_date"),
        (model_figures, "of_date"),
    ],
)
def test_what_is_refused_on_the_way_does_not_cost_the_day(lake, monkeypatch, caplog, module, name):
    def refuse(*_):
        raise Refused("the table is of another schema")

    monkeypatch.setattr(module, name, refuse)
    health = record.record(lake, DAY, SETTINGS)
    assert health.date == DAY
    assert "the table is of another schema" in caplog.text


def test_a_page_has_no_days_before_where_they_are_refused(lake, monkeypatch):
    def refuse(*_):
        raise Refused("the table is of another schema")

    record.record(lake, DAY, SETTINGS)
    monkeypatch.setattr(series, "read", refuse)
    assert day_health.read(lake, DAY).series == {}
