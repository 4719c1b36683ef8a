"""Every alert says what it means and what helps, and stands in the reference."""

import pathlib
import re

import pytest
import yaml

from conf.figures import METRICS
from conf.settings import Settings
from jobs.health.exporting.families import families
from jobs.health.exporting.recorded_figures import ExportedFigures

ROOT = pathlib.Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "metrics.md").read_text()
TEXT = (ROOT / "conf" / "deploy" / "prometheus" / "rules.yml").read_text()
ALERTS = [rule for group in yaml.safe_load(TEXT)["groups"] for rule in group["rules"]]


@pytest.mark.parametrize("rule", ALERTS, ids=[rule["alert"] for rule in ALERTS])
def test_an_alert_says_in_a_sentence_what_it_means_and_what_helps(rule):
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert re.fullmatch(r"[A-Z0-9{].*\.", rule["annotations"]["summary"])
    assert rule["annotations"]["command"]


@pytest.mark.parametrize("rule", ALERTS, ids=[rule["alert"] for rule in ALERTS])
def test_an_alert_stands_in_the_reference_with_its_severity(rule):
    assert f"| {rule['alert']} | {rule['labels']['severity']} | " in PAGE


def test_rules_ask_for_metrics_that_the_exporter_has():
    """A rule on a name that is not there is silent for ever."""
    served = {family.name for family in families(ExportedFigures(schema=3), Settings())}
    measured = {"moovitamix_up", "moovitamix_lake_disk_free_bytes", "moovitamix_lake_disk_size_bytes"}
    assert set(re.findall(r"moovitamix_\w+", TEXT)) - served - measured == set()
    assert len(served) > len(METRICS)
