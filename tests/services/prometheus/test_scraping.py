"""A real Prometheus scrapes the real exporter and a real luigid; the dashboard's queries and the rules are run there."""

import json
import re
import subprocess
import time

import pytest
import requests

from tests.jobs.health.exporting.days import find, record
from tests.services.prometheus.servers import CONF, installed, until

pytestmark = pytest.mark.services

BOARD = json.loads((CONF / "grafana" / "dashboards" / "moovitamix.json").read_text())
QUERIES = [
    pytest.param(target["expr"], id=f"{panel['title']}-{target['refId']}")
    for panel in BOARD["panels"]
    for target in panel.get("targets", [])
]


def test_promtool_finds_nothing_to_say_of_the_metrics(system):
    text = requests.get(f"http://{system.lake_address}/metrics", timeout=10).content
    done = subprocess.run([installed("promtool"), "check", "metrics"], input=text, capture_output=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


def test_a_scrape_of_unchanged_tables_takes_milliseconds(system):
    assert system.prometheus.value("min_over_time(moovitamix_exporter_scrape_seconds[1m])") < 0.25


def test_every_target_is_up(system):
    up = {sample["metric"]["job"]: sample["value"][1] for sample in system.prometheus.query("up")}
    assert up == {"moovitamix": "1", "luigid": "1", "prometheus": "1"}


def test_luigid_counts_what_ran(system):
    counted = 'sum by (family) (luigi_task_{}_total{{job="luigid"}})'
    done = {s["metric"]["family"]: s["value"][1] for s in system.prometheus.query(counted.format("done"))}
    failed = {s["metric"]["family"]: s["value"][1] for s in system.prometheus.query(counted.format("failed"))}
    assert (done, failed) == ({"Goes": "1"}, {"Fails": "1"})


@pytest.mark.parametrize("query", QUERIES)
def test_no_query_of_the_dashboard_is_empty(query, system):
    asked = query.replace("$instance", system.lake_address)
    until(
        lambda: system.prometheus.query(asked), f"an answer to {asked}"
    )  # an increase wants two scrapes of its target


def test_the_dashboard_can_choose_the_lake(system):
    lakes = system.prometheus.get("label/instance/values", **{"match[]": "moovitamix_up"})
    assert lakes == [system.lake_address]


def test_rules_are_loaded_and_evaluate_without_an_error(system):
    groups = system.prometheus.get("rules")["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len(rules) == 20
    assert [rule["lastError"] for rule in rules if rule.get("lastError")] == []


def test_rules_ask_for_nothing_that_is_not_served(system):
    """A rule on a name that is not there is silent for ever."""
    text = (CONF / "prometheus" / "rules.yml").read_text()
    asked = set(re.findall(r"\b(?:moovitamix_\w+|up)\b", text))
    assert [name for name in sorted(asked) if not system.prometheus.query(name)] == []


def test_quiet_days_raise_no_alert(system):
    assert system.prometheus.alerts("firing") == set()
    # Of seconds of free space no course can be told: that alert waits for an hour of them.
    assert system.prometheus.alerts("pending") <= {"DiskFilling"}


FAULTS = {
    "RowsUnaccounted": {("rows_unaccounted", "users"): 5.0},
    "QuarantineHigh": {("quarantined_share", "tracks"): 0.4},
    "VolumeChanged": {("rows_fetched", "listen_history"): 300.0},
    "PlaysChanged": {("plays_of_day", ""): 100.0},
    "StepSlow": {("step_duration", "TrainModel"): 300.0},
    "TaskNeededMore": {("steps_killed", "FetchTracks"): 1.0},
    "MailFailing": {("mail_failures", ""): 1.0},
    "DatesWithoutLists": {("days_missing", ""): 2.0},
    "LiveBelowPopularity": {("live_ndcg", ""): 0.0, ("live_ndcg_popularity", ""): 0.5},
    "ChampionTooOld": {("champion_age", ""): 45.0},
}


@pytest.fixture
def mended(system):
    """The lake is quiet again after the test."""
    yield
    record(system.lake, system.last)
    find(system.lake, system.last)
    until(lambda: not system.prometheus.alerts(), "no alert any more")


@pytest.mark.usefixtures("mended")
def test_faults_in_the_tables_raise_their_alerts_and_no_others(system):
    record(system.lake, system.last, {key: value for fault in FAULTS.values() for key, value in fault.items()})
    find(system.lake, system.last, ("rows_unaccounted", "users", "critical"))
    raised = {*FAULTS, "CriticalFinding"}
    until(lambda: system.prometheus.alerts() == raised, f"alerts {raised}, found {system.prometheus.alerts()}")
    for alert in system.prometheus.get("alerts")["alerts"]:
        assert "error expanding template" not in json.dumps(alert["annotations"])
    killed = next(a for a in system.prometheus.get("alerts")["alerts"] if a["labels"]["alertname"] == "TaskNeededMore")
    assert killed["annotations"]["command"] == f"less data/lake/logs/{system.last}/FetchTracks.log"


@pytest.mark.usefixtures("mended")
def test_a_failed_step_that_leaves_its_day_undone_is_critical(system):
    fault = {("steps_failed", "Recommend"): 1.0, ("day_complete", ""): 0.0}
    record(system.lake, system.last, fault)
    # The newest date that is done is one earlier then, and late by the time of the day.
    until(lambda: system.prometheus.alerts() - {"DayLate"} == {"TaskFailed"}, "TaskFailed")


def test_a_lake_that_is_gone_is_down_until_it_is_back(system, tmp_path):
    """The alert waits five minutes, so here it is pending."""
    root = system.lake.path("health")
    moved = f"{root}.away"
    subprocess.run(["mv", root, moved], check=True)
    try:
        until(lambda: "LakeDown" in system.prometheus.alerts("pending"), "LakeDown")
        text = requests.get(f"http://{system.lake_address}/metrics", timeout=10).text
        assert "moovitamix_up 0.0" in text
        assert "Traceback" not in text
    finally:
        subprocess.run(["mv", moved, root], check=True)
    until(lambda: system.prometheus.value("moovitamix_up") == 1, "the lake is back")
    assert time.time() > system.prometheus.value("moovitamix_last_complete_date_timestamp_seconds")
