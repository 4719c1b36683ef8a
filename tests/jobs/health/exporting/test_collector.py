"""A scrape is answered whatever the state of the lake, and reads rows only when they have changed."""

import datetime
import logging
import shutil

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from conf.settings import Settings, parse
from jobs.health.exporter import registry
from jobs.health.exporting import collector
from lake.access import Lake
from lake.schema_version import write_schema
from tests.jobs.health.exporting.days import TASKS, before, find, history, record

TODAY = datetime.date(2026, 3, 20)


def settings_of(root) -> Settings:
    return parse({"lake": {"root": str(root)}})


@pytest.fixture
def lake(tmp_path) -> Lake:
    lake = Lake(str(tmp_path / "lake"))
    history(lake, TODAY, 8)
    return lake


@pytest.fixture
def scrape(lake):
    """Samples of one exporter's next scrape, by name and labels."""
    served = registry(settings_of(lake.root))

    def samples() -> dict:
        text = generate_latest(served).decode()
        families = text_string_to_metric_families(text)
        return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}

    return samples


def test_the_lake_s_figures_are_there_under_their_labels(scrape):
    found = scrape()
    assert found["moovitamix_up",] == 1
    assert found["moovitamix_rows_fetched", "tracks"] == 1000
    assert [found["moovitamix_steps_failed", task] for task in TASKS] == [0, 0, 0, 0]
    assert found["moovitamix_live_ndcg",] == 0.08


def test_the_date_is_a_time_and_no_label(scrape):
    midnight = datetime.datetime(2026, 3, 20, tzinfo=datetime.UTC).timestamp()
    found = scrape()
    assert found["moovitamix_last_complete_date_timestamp_seconds",] == midnight
    assert found["moovitamix_champion_promotion_timestamp_seconds",] == midnight - 3 * 86_400
    assert not [key for key in found if any("2026" in label for label in key[1:])]


def test_findings_are_counted_by_metric_and_zero_without_any(scrape, lake):
    assert scrape()["moovitamix_findings", "data", "null_share", "critical"] == 0
    find(lake, TODAY, ("null_share", "tracks.album", "critical"), ("invented", "", "warning"))
    found = scrape()
    assert found["moovitamix_findings", "data", "null_share", "critical"] == 1
    assert found["moovitamix_findings", "other", "other", "warning"] == 1


def test_limits_are_those_of_the_settings(lake):
    served = registry(parse({"lake": {"root": lake.root}, "retrain": {"max_age_days": "10"}}))
    assert b"moovitamix_champion_max_age_seconds 864000.0" in generate_latest(served)


def test_a_new_commit_shows_at_the_next_scrape_and_no_commit_reads_no_row(scrape, lake, monkeypatch):
    read, reads = collector.read, []
    monkeypatch.setattr(collector, "read", lambda *arguments: reads.append(1) or read(*arguments))
    scrape(), scrape(), scrape()
    assert len(reads) == 1
    record(lake, TODAY, {("mail_failures", ""): 2.0})
    assert scrape()["moovitamix_mail_failures",] == 2
    assert len(reads) == 2


def test_the_free_disk_is_measured_at_the_scrape(scrape, monkeypatch):
    usage = type("Usage", (), {"total": 100, "free": 7})
    monkeypatch.setattr(collector.shutil, "disk_usage", lambda root: usage)
    found = scrape()
    assert (found["moovitamix_lake_disk_free_bytes",], found["moovitamix_lake_disk_size_bytes",]) == (7, 100)


def missing(root):
    pass


def empty(root):
    root.mkdir()


def of_a_later_schema(root):
    root.mkdir()
    write_schema(str(root), 99)


def with_a_torn_log(root):
    history(Lake(str(root)), TODAY, 1)
    for file in (root / "health" / "_delta_log").glob("*.json"):
        file.write_text("{ torn")


@pytest.mark.parametrize("broken", [missing, empty, of_a_later_schema, with_a_torn_log])
def test_a_lake_that_cannot_be_read_is_down_and_the_log_says_why_once(broken, tmp_path, caplog):
    root = tmp_path / "lake"
    broken(root)
    served = registry(settings_of(root))
    with caplog.at_level(logging.ERROR):
        first, second = (generate_latest(served).decode() for _ in range(2))
    assert "moovitamix_up 0.0" in first
    assert "Traceback" not in first + caplog.text
    assert "moovitamix_exporter_errors_total 2.0" in second
    assert len(caplog.records) == 1
    assert "the lake cannot be read" in caplog.text


def test_a_lake_that_comes_back_is_up_again(tmp_path):
    root = tmp_path / "lake"
    served = registry(settings_of(root))
    assert "moovitamix_up 0.0" in generate_latest(served).decode()
    history(Lake(str(root)), TODAY, 1)
    assert "moovitamix_up 1.0" in generate_latest(served).decode()


def test_a_lake_that_is_made_anew_is_not_taken_for_the_old_one(scrape, lake):
    """Its tables have the same version numbers."""
    assert scrape()["moovitamix_missing_dates",] == 0
    shutil.rmtree(lake.root)
    history(Lake(lake.root), before(TODAY, 5), 8)
    midnight = datetime.datetime(2026, 3, 15, tzinfo=datetime.UTC).timestamp()
    assert scrape()["moovitamix_last_complete_date_timestamp_seconds",] == midnight
