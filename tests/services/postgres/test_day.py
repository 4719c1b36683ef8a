"""The end of a day with Luigi: what becomes of it where the mart can be filled, and where it cannot."""

import json

import luigi
import pytest

from lake.layout import report_file, spool_folder
from tasks import observe
from tasks.daily import DailyPipeline
from tasks.model import RetrainIfNeeded
from tasks.publish import Publish
from tests.services.postgres.small_lake import day

pytestmark = pytest.mark.services


@pytest.fixture
def configured(root, url, monkeypatch):
    """Luigi's settings; what comes before the lists is done."""
    config = luigi.configuration.get_config()
    monkeypatch.setattr(RetrainIfNeeded, "complete", lambda _: True)
    observe.install()
    config.set("lake", "root", root)

    def at(address: str) -> None:
        monkeypatch.setenv("MOOVITAMIX_POSTGRES_URL", address)

    at(url)
    yield at
    config.set("lake", "root", "data/lake")


def attempts(root: str) -> dict[str, str]:
    """How each step ended, as the ledger spools it."""
    lines = [line for file in spool_folder(root).glob("*.jsonl") for line in file.read_text().splitlines()]
    return {row["task"]: row["status"] for row in map(json.loads, lines) if row["status"] != "started"}


def test_the_day_is_published_and_then_done(configured, root, ask):
    assert luigi.build([DailyPipeline(date=day(0))], local_scheduler=True)
    assert ask("SELECT date FROM current_publication") == [(day(0),)]
    assert Publish(date=day(0)).complete()
    assert DailyPipeline(date=day(0)).complete()
    assert attempts(root)["Publish"] == "done"


def test_without_a_server_the_rest_of_the_day_is_finished_and_the_ledger_says_so(configured, root):
    configured("postgresql://127.0.0.1:1/mart")
    assert not luigi.build([DailyPipeline(date=day(0))], local_scheduler=True)
    found = attempts(root)
    assert (found["Publish"], found["Maintain"], found["HealthReport"]) == ("failed", "done", "done")
    assert report_file(root, day(0)).exists()
    assert not DailyPipeline(date=day(0)).complete()
