"""What ``make run`` does: two demo days from nothing, as somebody new sees them."""

import json
import pathlib
import re
import subprocess
import sys

import pytest
from deltalake import DeltaTable

from tasks.spark_server import answers
from tests.ports import free_port

pytestmark = pytest.mark.acceptance

ROOT = pathlib.Path(__file__).parents[2]


class Demo:
    def __init__(self, folder: pathlib.Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.run = self.start()

    def start(self) -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "tasks.demo", "--days=2", f"--root={self.folder}", f"--port={self.port}"]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    def rows(self, table: str) -> list[dict]:
        return DeltaTable(self.folder / "lake" / table).to_pyarrow_table().to_pylist()


@pytest.fixture(scope="module")
def demo_days(tmp_path_factory) -> Demo:
    demo = Demo(tmp_path_factory.mktemp("demo"), free_port())
    assert demo.run.returncode == 0, demo.run.stderr
    return demo


def test_the_lake_is_what_it_says_it_is(demo_days):
    command = [sys.executable, "-m", "jobs", "check", "--date=2026-10-01", f"--lake-root={demo_days.folder / 'lake'}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^\d+ checks, 0 broken", done.stdout, re.MULTILINE)
    assert int(re.search(r"ok +([\d,]+) +0  listens: tracks are there", done.stdout)[1].replace(",", "")) > 80_000


def test_each_step_is_shown_with_its_place_and_time(demo_days):
    steps = re.findall(r"^\[ *(\d+)/\d+\] (\w+) +\d{4}-\d{2}-\d{2} +\d+\.\d s", demo_days.run.stderr, re.MULTILINE)
    assert [int(place) for place, _ in steps] == list(range(1, len(steps) + 1))
    assert [task for _, task in steps].count("Recommend") == 2


def test_it_ends_with_rows_figures_decisions_listeners_and_where_to_look(demo_days):
    text = demo_days.run.stdout
    for wanted in ("quarantined", "live", "NDCG@10", "popularity", "retrain", "recommended:", "report", "make status"):
        assert wanted in text
    assert text.count("listener ") == 3
    report = re.search(r"report +(\S+)", text)
    assert report
    assert pathlib.Path(report[1]).exists()


def test_dirty_rows_of_the_demo_are_in_quarantine_and_none_is_lost(demo_days):
    found = {reason for row in demo_days.rows("quarantine") for reason in row["reasons"]}
    assert {
        "id_null",
        "id_wrong_type",
        "email_malformed",
        "duration_malformed",
        "unknown_track",
        "items_empty",
    } <= found
    for row in demo_days.rows("accounting"):
        assert row["fetched"] == sum(row[name] for name in ("clean", "duplicate", "quarantined", "later", "suppressed"))


def test_the_model_beats_popularity_by_half_on_the_holdout(demo_days):
    decision = next(row for row in demo_days.rows("decisions") if row["step"] == "promote")
    figures = json.loads(decision["figures"])
    assert decision["decision"] == "promote"
    assert figures["challenger"] >= 1.5 * figures["popularity"]


def test_what_it_started_is_stopped(demo_days):
    assert not answers(demo_days.port)


def test_again_it_shows_the_same_without_running_a_step(demo_days):
    again = demo_days.start()
    assert again.returncode == 0
    assert again.stderr == ""
    assert again.stdout == demo_days.run.stdout
