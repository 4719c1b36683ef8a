"""The nightly run does not stay at one day for ever: after three nights with one cause the later days go on."""

import dataclasses
import datetime
import json

import pytest

from conf.settings import DailySettings, LakeSettings, Settings
from lake.access import Lake
from lake.layout import MANIFEST, raw_folder, report_file, spool_folder
from lake.storage import absolute
from tasks.run import failed_day, nightly

DAYS = [datetime.date(2024, 3, day) for day in (7, 8, 9, 10)]
BAD = "tracks: 9 of 9 are bad"


@dataclasses.dataclass
class Nights:
    """Runs the nights without Luigi: what each day and each fetch would do is given, and what was run is noted."""

    settings: Settings
    monkeypatch: pytest.MonkeyPatch
    bad: dict = dataclasses.field(default_factory=dict)  # days that fail, and why
    api: bool = True  # whether it gives a snapshot
    ran: list = dataclasses.field(default_factory=list)
    done: set = dataclasses.field(default_factory=set)
    night: int = 0

    def run_day(self, settings, date, last, server, output):
        own = nightly.has_snapshot(settings, date)
        fetched = date if own else last
        self.ran.append(str(date)[-2:])
        if not (own or self.fetch(fetched)):
            return self.failed(last, "FetchTracks", "no answer")
        if date in self.bad:
            return self.failed(date, "CleanTracks", self.bad[date])
        self.done.add(date)
        return 0

    def fetch(self, date):
        if self.api:
            folder = raw_folder(self.settings.lake.root, "_day", date)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / MANIFEST).touch()
        return self.api

    def failed(self, date, task, error):
        if error:
            at = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=10 - self.night)
            row = {"date": date, "task": task, "status": "failed", "attempt": 1, "started_at": at, "error": error}
            Lake(self.settings.lake.root).append_rows([row], "runs", f"runs/{self.night}-{date}-{task}")
        return 30

    def run(self, last):
        """The night after ``last``; the code, and the days that were run."""
        self.night, self.ran = self.night + 1, []
        due = [date for date in DAYS if date <= last and date not in self.done]
        began = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=10 - self.night, minutes=5)
        patch = self.monkeypatch.setattr
        patch(nightly, "due", lambda *_, **__: due)
        patch(nightly, "run_day", self.run_day)
        patch(nightly, "fetch_present", lambda settings, date, *_: self.fetch(date))
        real = failed_day.nights
        patch(nightly.failed_day, "nights", lambda settings, date, _, code: real(settings, date, began, code))
        try:
            return nightly.run(self.settings, None), " ".join(self.ran)
        finally:
            patch(nightly.failed_day, "nights", real)


@pytest.fixture
def nights(tmp_path, monkeypatch):
    settings = Settings(lake=LakeSettings(root=str(tmp_path)), daily=DailySettings(spark_port=0))
    return Nights(settings, monkeypatch)


def test_a_bad_day_holds_the_later_ones_for_two_nights_and_then_no_more(nights, capsys):
    nights.bad = {DAYS[0]: BAD}
    assert nights.run(DAYS[0]) == (30, "07")
    assert nights.run(DAYS[1]) == (30, "07")
    assert ", the days after it wait; the next run goes on" in capsys.readouterr().out
    assert nights.run(DAYS[2]) == (30, "07 08 09")
    said = capsys.readouterr().out
    assert "the cause is the same on 3 nights running; the days after it go on without it; 2024-03-07 is tried" in said
    assert "2024-03-09 is complete" in said
    assert nights.run(DAYS[3]) == (30, "07 10")
    nights.bad = {}
    assert nights.run(DAYS[3]) == (0, "07")


def test_a_day_that_fails_holds_no_later_fetch(nights):
    """The API serves only the present: what is not fetched now cannot be had later."""
    nights.fetch(DAYS[0])
    nights.bad = {DAYS[0]: BAD}
    nights.run(DAYS[1])
    assert nightly.has_snapshot(nights.settings, DAYS[1])


def test_another_cause_each_night_holds_the_later_days(nights):
    for day, error in enumerate(("no space", "no memory", "no answer")):
        nights.bad = {DAYS[0]: error}
        assert nights.run(DAYS[day]) == (30, "07")


def test_later_days_with_the_same_cause_are_each_tried(nights):
    nights.bad = dict.fromkeys(DAYS[:2], BAD)
    nights.run(DAYS[0])
    nights.run(DAYS[1])
    assert nights.run(DAYS[2]) == (30, "07 08 09")
    assert nights.done == {DAYS[2]}


def test_an_api_that_is_away_is_asked_once_a_night_and_days_with_a_snapshot_go_on(nights):
    nights.fetch(DAYS[1])
    nights.api = False
    nights.run(DAYS[0])
    assert nights.run(DAYS[2]) == (30, "07")
    assert nights.run(DAYS[3]) == (30, "07 08")
    nights.api = True
    assert nights.run(DAYS[3]) == (0, "07 09 10")


@pytest.mark.slow
def test_a_day_that_failed_before_a_step_began_is_told_of_and_counted(nights):
    root = absolute(nights.settings.lake.root)
    Lake(root).ensure("runs")
    began = datetime.datetime.now(datetime.UTC)
    assert failed_day.nights(nights.settings, DAYS[0], began, 35) == 1
    (row,) = Lake(root).rows("runs")
    assert (row["date"], row["task"], row["status"]) == (DAYS[0], "DailyPipeline", "failed")
    assert row["error"] == "Luigi ended with code 35 before a step began"
    assert report_file(root, DAYS[0]).exists()


@pytest.mark.slow
def test_steps_of_a_luigi_that_was_killed_are_told_of(nights):
    root = absolute(nights.settings.lake.root)
    began = datetime.datetime.now(datetime.UTC)
    folder = spool_folder(root)
    folder.mkdir(parents=True)
    line = {"date": str(DAYS[0]), "task": "TrainModel", "status": "started", "started_at": began.isoformat()}
    (folder / "1-999999999.jsonl").write_text(json.dumps(line) + "\n")
    assert failed_day.nights(nights.settings, DAYS[0], began, 137) == 1
    assert [(row["task"], row["status"]) for row in Lake(root).rows("runs")] == [("TrainModel", "killed")]
