"""Four real days, 2014-12-16 to 2014-12-19, each fetched at its own end.

The first runs by spark-submit, as the plain command does; the others on a Spark Connect server. What they
leave is checked against figures computed here from the raw files, without the project's own code.
"""

import collections
import datetime
import gzip
import json
import math
import pathlib
import re
import subprocess

import pytest
from deltalake import DeltaTable

from tasks.run.spark_server import running

pytestmark = pytest.mark.acceptance

K = 20
DAYS = ["2014-12-16", "2014-12-17", "2014-12-18", "2014-12-19"]
USERS = 4620
PORT = 15301


def day(date: str) -> datetime.date:
    return datetime.date.fromisoformat(date)


class Days:
    """What the days left in a lake."""

    def __init__(
        self, lake: pathlib.Path, first: subprocess.CompletedProcess, again: subprocess.CompletedProcess
    ) -> None:
        self.lake, self.first, self.again = lake, first, again

    def rows(self, table: str, **equal: object) -> list[dict]:
        filters = [(name, "=", value) for name, value in equal.items()] or None
        return DeltaTable(self.lake / table).to_pyarrow_table(filters=filters).to_pylist()

    def raw(self, entity: str, date: str) -> list[dict]:
        files = sorted((self.lake / "raw" / entity / f"date={date}").glob("*.jsonl.gz"))
        return [json.loads(line) for file in files for line in gzip.open(file, "rt")]

    def manifest(self, entity: str, date: str) -> dict:
        return json.loads((self.lake / "raw" / entity / f"date={date}" / "_manifest.json").read_text())

    def heard(self, snapshot: str, before: str) -> dict[int, set[int]]:
        """Tracks by user played before a day began, from the snapshot's raw rows."""
        found = collections.defaultdict(set)
        for row in self.raw("listen_history", snapshot):
            if row["created_at"] < before:
                found[row["user_id"]] |= set(row["items"])
        return found

    def lists(self, date: str) -> dict[int, list[dict]]:
        found = collections.defaultdict(list)
        for row in sorted(self.rows("recommendations", date=day(date)), key=lambda row: row["rank"]):
            found[row["user_id"]].append(row)
        return found


@pytest.fixture(scope="module")
def days(real_listens, luigi, tmp_path_factory) -> Days:
    lake = tmp_path_factory.mktemp("real") / "lake"
    options = [
        f"--api-base-url={real_listens.url}",
        f"--lake-root={lake}",
        f"--registry-uri=sqlite:///{lake}/mlflow.db",
    ]

    def run(date: str, *more: str) -> subprocess.CompletedProcess:
        real_listens.move_to(date)
        done = luigi("DailyPipeline", "--local-scheduler", f"--date={date}", *options, *more)
        assert done.returncode == 0, done.stderr
        return done

    first, again = run(DAYS[0]), run(DAYS[0])
    with running(PORT, lake / "logs" / "spark.log") as remote:
        for date in DAYS[1:]:
            run(date, f"--spark-remote={remote}")
    return Days(lake, first, again)


def test_every_step_of_the_day_is_shown_as_it_ends(days):
    for task in ("FetchTracks", "CleanListens", "DecideRetrain", "Recommend", "DailyPipeline"):
        assert task in days.first.stderr


def test_running_a_finished_day_again_runs_no_step(days):
    assert "FetchTracks" not in days.again.stderr
    assert "Recommend" not in days.again.stderr


@pytest.mark.parametrize("date", DAYS)
def test_every_user_has_k_distinct_existing_tracks_that_they_never_heard(days, date):
    lists, heard = days.lists(date), days.heard(date, f"{day(date) + datetime.timedelta(days=1)}")
    known = {row["id"] for row in days.raw("tracks", date)}
    assert len(lists) == USERS
    for user, rows in lists.items():
        tracks = [row["track_id"] for row in rows]
        assert [row["rank"] for row in rows] == list(range(1, K + 1))
        assert len(set(tracks)) == K
        assert set(tracks) <= known
        assert not set(tracks) & heard[user]


@pytest.mark.parametrize("date", DAYS)
def test_what_was_fetched_is_all_accounted_for(days, date):
    rows = {row["entity"]: row for row in days.rows("accounting", date=day(date))}
    plays = sum(len(row["items"]) for row in days.raw("listen_history", date))
    assert rows["listen_history"]["fetched"] == plays
    for entity, row in rows.items():
        assert row["rows"] == days.manifest(entity, date)["rows"] == days.manifest(entity, date)["total"]
        parts = ("clean", "duplicate", "quarantined", "later", "suppressed")
        assert row["fetched"] == sum(row[part] for part in parts)


def test_with_too_few_listeners_nothing_is_trained_and_popularity_is_served(days):
    decisions = {row["step"]: row for row in days.rows("decisions", date=day(DAYS[0]))}
    assert decisions["retrain"]["decision"] == "train"
    assert decisions["retrain"]["reason"] == "no champion"
    assert decisions["promote"]["decision"] == "none"
    assert decisions["promote"]["reason"].startswith("not enough history: ")
    assert {row["source"] for row in days.rows("recommendations", date=day(DAYS[0]))} == {"popular"}


def test_the_first_model_is_promoted_for_beating_popularity_and_then_serves(days):
    decision = next(row for row in days.rows("decisions", date=day(DAYS[1])) if row["step"] == "promote")
    figures = json.loads(decision["figures"])
    assert figures["challenger"] >= figures["popularity"]
    assert decision["decision"] == "promote"
    served = days.rows("recommendations", date=day(DAYS[1]))
    assert {row["model_version"] for row in served if row["source"] == "als"} == {decision["model_version"]}


def test_no_figure_is_made_up_for_the_first_day(days):
    assert [row for row in days.rows("evaluations", date=day(DAYS[0])) if row["kind"] == "live"] == []


@pytest.mark.parametrize("date", DAYS[1:])
def test_live_figures_are_those_of_the_lists_of_the_day_before(days, date):
    """NDCG@10 of ``served``, worked out from the raw plays and the lists that stand in the table."""
    before = f"{day(date) - datetime.timedelta(days=1)}"
    heard, through_today = days.heard(date, date), days.heard(date, f"{day(date) + datetime.timedelta(days=1)}")
    gains = [1 / math.log2(rank + 1) for rank in range(1, 11)]
    values = []
    for user, rows in days.lists(before).items():
        relevant = through_today[user] - heard[user]
        if relevant:
            hits = [row["track_id"] in relevant for row in rows[:10]]
            ideal = sum(gains[: min(10, len(relevant))])
            values.append(sum(gain for gain, hit in zip(gains, hits, strict=True) if hit) / ideal)
    live = {
        row["model"]: row
        for row in days.rows("evaluations", date=day(date))
        if (row["kind"], row["metric"], row["k"]) == ("live", "ndcg", 10)
    }
    assert live["served"]["users"] == len(values) > 100
    assert live["served"]["value"] == pytest.approx(sum(values) / len(values), abs=1e-9)
    assert live["served"]["low"] <= live["served"]["value"] <= live["served"]["high"]
    assert live["popularity"]["users"] == len(values)


def test_lists_of_a_model_are_measured_apart_beside_popularity_for_the_same_users(days):
    live = {
        row["model"]: row
        for row in days.rows("evaluations", date=day(DAYS[2]))
        if (row["kind"], row["metric"], row["k"]) == ("live", "ndcg", 10)
    }
    assert 0 < live["als"]["users"] < live["served"]["users"]
    assert live["popularity_als"]["users"] == live["als"]["users"]


def test_the_day_after_a_training_cools_down(days):
    decision = next(row for row in days.rows("decisions", date=day(DAYS[2])) if row["step"] == "retrain")
    assert decision["decision"] == "keep"
    assert decision["champion_version"] == "1"


def test_the_champion_loads_from_the_registry_and_recommends(days):
    import mlflow
    import pandas as pd

    mlflow.set_tracking_uri(f"sqlite:///{days.lake}/mlflow.db")
    mlflow.set_registry_uri(f"sqlite:///{days.lake}/mlflow.db")  # tests before this one may have named another
    model = mlflow.pyfunc.load_model("models:/recommender@champion")
    user = next(row["user_id"] for row in days.rows("recommendations", date=day(DAYS[1])) if row["source"] == "als")
    found = model.predict(pd.DataFrame({"user_id": [user]}))
    assert len(found) == K
    assert found["score"].is_monotonic_decreasing


@pytest.mark.parametrize("date", DAYS)
def test_each_day_has_a_report_that_stands_by_itself(days, date):
    page = (days.lake / "reports" / f"{date}.html").read_text()
    assert f"Health of {date}" in page
    assert "src=" not in page
    links = set(re.findall(r'href="([^"#]+)"', page))
    assert links <= {"index.html", *(f"{day}.html" for day in DAYS)}


def test_every_attempt_is_in_the_run_ledger(days):
    runs = days.rows("runs")
    assert {row["status"] for row in runs} == {"done"}
    recommended = [row for row in runs if row["task"] == "Recommend"]
    assert sorted(str(row["date"]) for row in recommended) == DAYS
    assert all(row["rows_out"] == USERS * K for row in recommended)
