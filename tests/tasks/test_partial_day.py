"""A day that was run before it was over is fetched, checked, made and reported again when it is."""

import datetime
import json

import luigi
import pytest

from conf import days
from lake.layout import MANIFEST, raw_folder, report_file
from tasks import fetch
from tasks.fetch import CheckSnapshot, FetchTracks
from tasks.report import HealthReport

DATE = datetime.date(2024, 3, 1)
AFTER = datetime.date(2024, 3, 2)


@pytest.fixture
def fetched(tmp_path, monkeypatch):
    """Leaves snapshots of all entities begun at a moment, checked, and says what day it is."""
    config = luigi.configuration.get_config()
    config.set("lake", "root", str(tmp_path))

    def leave(begun: str, now: datetime.date) -> None:
        for entity in ("tracks", "users", "listen_history", "_day"):
            folder = raw_folder(tmp_path, entity, DATE)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / MANIFEST).write_text(json.dumps({"started_at": begun}))
        monkeypatch.setattr(days, "today", lambda: now)

    class Manifest:
        def __init__(self, folder):
            self.started_at = datetime.datetime.fromisoformat(json.loads((folder / MANIFEST).read_text())["started_at"])

    monkeypatch.setattr(fetch.api, "read_manifest", Manifest)
    monkeypatch.setattr(fetch.api, "is_fetched", lambda folder: (folder / MANIFEST).exists())
    yield leave
    config.set("lake", "root", "data/lake")


@pytest.mark.parametrize(
    ("begun", "now", "complete"),
    [
        ("2024-03-01T12:00:00+00:00", DATE, True),  # as good as it gets today
        ("2024-03-01T12:00:00+00:00", AFTER, False),
        ("2024-03-01T23:59:59+00:00", AFTER, False),  # ended after midnight, but begun before
        ("2024-03-02T00:00:01+00:00", AFTER, True),
    ],
)
def test_a_snapshot_begun_before_the_day_was_over_counts_for_that_day_alone(fetched, begun, now, complete):
    fetched(begun, now)
    assert FetchTracks(date=DATE).complete() is complete
    assert CheckSnapshot(date=DATE).complete() is complete


def test_the_report_of_a_partial_day_is_not_that_of_the_day(fetched, tmp_path):
    fetched("2024-03-01T12:00:00+00:00", DATE)
    report_file(tmp_path, DATE, partial=True).parent.mkdir()
    report_file(tmp_path, DATE, partial=True).touch()
    assert HealthReport(date=DATE).complete()
    fetched("2024-03-01T12:00:00+00:00", AFTER)
    assert not HealthReport(date=DATE).complete()
