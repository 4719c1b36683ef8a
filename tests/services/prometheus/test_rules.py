"""Every alert fires on its fault, is silent just short of it, and all are silent on quiet days: `promtool test rules`."""

import pathlib
import subprocess

import pytest
import yaml

from tests.services.prometheus.servers import CONF, installed

pytestmark = pytest.mark.services

RULES = CONF / "prometheus" / "rules.yml"
HOURS = 26
NOW = HOURS * 3600  # promtool's clock begins at 0, and the alerts are asked for after little more than a day
STEP_MINUTES = 5  # Prometheus forgets a sample after five minutes
PER_HOUR = 60 // STEP_MINUTES
ALERTS = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]

HEALTHY = {
    'up{job="moovitamix", instance="lake"}': 1,
    'up{job="luigid", instance="luigid"}': 1,
    "moovitamix_up": 1,
    "moovitamix_run_date_timestamp_seconds": NOW - 30 * 3600,
    "moovitamix_last_complete_date_timestamp_seconds": NOW - 30 * 3600,
    "moovitamix_day_complete": 1,
    "moovitamix_missing_dates": 0,
    "moovitamix_mail_failures": 0,
    'moovitamix_steps_failed{task="Recommend"}': 0,
    'moovitamix_steps_killed{task="Recommend"}': 0,
    'moovitamix_step_duration_seconds{task="Recommend"}': 100,
    'moovitamix_step_duration_usual_seconds{task="Recommend"}': 100,
    'moovitamix_findings{group="data", metric="null_share", severity="critical"}': 0,
    'moovitamix_findings{group="data", metric="null_share", severity="warning"}': 3,
    'moovitamix_rows_unaccounted{entity="tracks"}': 0,
    'moovitamix_quarantined_ratio{entity="tracks"}': 0.02,
    "moovitamix_quarantined_max_ratio": 0.1,
    'moovitamix_rows_fetched{entity="tracks"}': 1000,
    'moovitamix_rows_fetched_usual{entity="tracks"}': 990,
    "moovitamix_plays_of_day": 5000,
    "moovitamix_plays_of_day_usual": 5200,
    "moovitamix_live_ndcg_recent": 0.08,
    "moovitamix_live_ndcg_popularity_recent": 0.05,
    "moovitamix_live_min_lift_ratio": 1,
    "moovitamix_live_users": 400,
    "moovitamix_live_min_users": 100,
    "moovitamix_champion_promotion_timestamp_seconds": NOW - 20 * 86_400,
    "moovitamix_champion_max_age_seconds": 30 * 86_400,
    "moovitamix_lake_disk_free_bytes": 60e9,
    "moovitamix_lake_disk_size_bytes": 100e9,
    "moovitamix_lake_disk_min_free_ratio": 0.1,
}
COMPLETE = "moovitamix_last_complete_date_timestamp_seconds"
FAILED, KILLED = (f'moovitamix_steps_{how}{{task="Recommend"}}' for how in ("failed", "killed"))
STEP = 'moovitamix_step_duration_seconds{task="Recommend"}'
FREE = "moovitamix_lake_disk_free_bytes"
ROWS = 'moovitamix_rows_fetched{entity="tracks"}'
QUARANTINED = 'moovitamix_quarantined_ratio{entity="tracks"}'

FAULTS = [
    ("ExporterDown", {'up{job="moovitamix", instance="lake"}': 0}),
    ("ExporterDown", {'up{job="moovitamix", instance="lake"}': None}),
    ("LakeDown", {"moovitamix_up": 0}),
    ("LuigidDown", {'up{job="luigid", instance="luigid"}': 0}),
    ("DiskLow", {FREE: 9e9}),
    ("DiskFilling", {FREE: [39e9 - (hour - HOURS) * 0.5e9 for hour in range(HOURS + 1)]}),
    ("DayLate", {COMPLETE: NOW - 61 * 3600}),
    ("DayMissing", {COMPLETE: NOW - 85 * 3600}),
    ("NoDayDone", {COMPLETE: None}),
    ("DatesWithoutLists", {"moovitamix_missing_dates": 1}),
    ("TaskFailed", {FAILED: 1, "moovitamix_day_complete": 0}),
    ("TaskFailed", {KILLED: 1, "moovitamix_day_complete": 0}),
    ("TaskNeededMore", {FAILED: 1}),
    ("TaskNeededMore", {KILLED: 1}),
    ("StepSlow", {STEP: 201}),
    ("MailFailing", {"moovitamix_mail_failures": 1}),
    ("CriticalFinding", {'moovitamix_findings{group="data", metric="null_share", severity="critical"}': 1}),
    ("RowsUnaccounted", {'moovitamix_rows_unaccounted{entity="tracks"}': 1}),
    ("QuarantineHigh", {QUARANTINED: 0.11}),
    ("VolumeChanged", {ROWS: 490}),
    ("VolumeChanged", {ROWS: 1990}),
    ("VolumeChanged", {ROWS: 0, 'moovitamix_rows_fetched_usual{entity="tracks"}': None}),
    ("PlaysChanged", {"moovitamix_plays_of_day": 2000}),
    ("PlaysChanged", {"moovitamix_plays_of_day": 13_001}),
    ("LiveBelowPopularity", {"moovitamix_live_ndcg_recent": 0.049}),
    ("ChampionTooOld", {"moovitamix_champion_promotion_timestamp_seconds": NOW - 38 * 86_400}),
]
NO_FAULTS = [
    # A scrape that fails once, a lake that is being moved, a luigid that is started again.
    ("ExporterDown", {'up{job="moovitamix", instance="lake"}': [1] * HOURS + [0]}),
    ("LakeDown", {"moovitamix_up": [1] * HOURS + [0]}),
    ("LuigidDown", {'up{job="luigid", instance="luigid"}': [1] * HOURS + [0]}),
    ("DiskLow", {FREE: 11e9}),
    ("DiskFilling", {FREE: [39e9 - (hour - HOURS) * 0.3e9 for hour in range(HOURS + 1)]}),
    ("DayLate", {COMPLETE: NOW - 59 * 3600}),
    ("DayMissing", {COMPLETE: NOW - 54 * 3600}),
    ("NoDayDone", {COMPLETE: None, "moovitamix_up": [None] * (HOURS - 20) + [1] * 21}),
    ("DatesWithoutLists", {"moovitamix_missing_dates": None}),
    ("TaskFailed", {FAILED: 0, "moovitamix_day_complete": 0}),
    ("TaskNeededMore", {FAILED: None, KILLED: 0}),
    ("StepSlow", {STEP: 199}),
    ("StepSlow", {STEP: 70, 'moovitamix_step_duration_usual_seconds{task="Recommend"}': 11}),
    ("MailFailing", {"moovitamix_mail_failures": None}),
    ("CriticalFinding", {'moovitamix_findings{group="data", metric="null_share", severity="warning"}': 9}),
    ("RowsUnaccounted", {'moovitamix_rows_unaccounted{entity="tracks"}': None}),
    ("QuarantineHigh", {QUARANTINED: 0.09}),
    ("VolumeChanged", {ROWS: 500}),
    ("PlaysChanged", {"moovitamix_plays_of_day": 2100}),
    ("PlaysChanged", {"moovitamix_plays_of_day": 0, "moovitamix_day_complete": 0}),
    ("LiveBelowPopularity", {"moovitamix_live_ndcg_recent": 0.051}),
    ("LiveBelowPopularity", {"moovitamix_live_ndcg_recent": 0.01, "moovitamix_live_users": 99}),
    ("ChampionTooOld", {"moovitamix_champion_promotion_timestamp_seconds": NOW - 36 * 86_400}),
]


def expected(folder: pathlib.Path, changed: dict[str, object], hours: list[int], wanted: str = "") -> str:
    """Nothing where at these hours ``wanted`` fires, and no other alert; else what promtool says."""
    samples = [{"labels": f'{{alertname="{wanted}"}}', "value": 1}] if wanted else []
    firing = 'count by (alertname) (ALERTS{alertstate="firing"})'
    checks = [{"expr": firing, "eval_time": f"{hour}h", "exp_samples": samples} for hour in hours]
    return promtool(folder, changed, hours[-1], {"promql_expr_test": checks})


def promtool(folder: pathlib.Path, changed: dict[str, object], hours: int, checks: dict[str, list]) -> str:
    """Nothing where the rules pass the checks over the healthy series with what is changed; else what promtool says."""
    series = {name: values for name, values in {**HEALTHY, **changed}.items() if values is not None}
    test = {
        "interval": f"{STEP_MINUTES}m",
        "input_series": [{"series": name, "values": written(values, hours)} for name, values in series.items()],
        **checks,
    }
    content = {"rule_files": [str(RULES)], "evaluation_interval": f"{STEP_MINUTES}m", "tests": [test]}
    file = folder / "test.yml"
    file.write_text(yaml.safe_dump(content))
    done = subprocess.run([installed("promtool"), "test", "rules", file], capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def written(values: object, hours: int) -> str:
    """A value for each hour, or one for all, in promtool's notation at its pace; None is no sample."""
    if not isinstance(values, list):
        return f"{values}+0x{hours * PER_HOUR}"
    *earlier, last = ("_" if value is None else str(value) for value in values)
    return " ".join([*(value for value in earlier for _ in range(PER_HOUR)), last])


@pytest.mark.parametrize(("alert", "changed"), FAULTS, ids=[f"{alert}-{n}" for n, (alert, _) in enumerate(FAULTS)])
def test_a_fault_raises_its_own_alert_and_no_other(alert, changed, tmp_path):
    assert expected(tmp_path, changed, [HOURS], alert) == ""


@pytest.mark.parametrize(
    ("alert", "changed"), NO_FAULTS, ids=[f"{alert}-{n}" for n, (alert, _) in enumerate(NO_FAULTS)]
)
def test_short_of_a_fault_no_alert_is_raised(alert, changed, tmp_path):
    assert expected(tmp_path, changed, [HOURS]) == ""


def test_every_alert_has_a_case_on_both_sides():
    names = {rule["alert"] for rule in ALERTS}
    assert {alert for alert, _ in FAULTS} == names
    assert {alert for alert, _ in NO_FAULTS} == names


def test_ten_quiet_days_raise_none_at_any_hour(tmp_path):
    """Each date is done at three in the morning after; figures waver by a tenth, plays by the day of the week."""
    hours = range(10 * 24 + 1)
    done = [(hour - 3) // 24 - 1 for hour in hours]  # the newest date that is done, at each hour
    noise = [(day * 7919 % 13 - 6) / 60 for day in done]
    series = {
        name: [round(HEALTHY[name] * (1 + share), 4) for share in noise]
        for name in (STEP, ROWS, QUARANTINED, "moovitamix_live_ndcg_recent")
    }
    series |= {
        COMPLETE: [day * 86_400 for day in done],
        "moovitamix_run_date_timestamp_seconds": [day * 86_400 for day in done],
        "moovitamix_plays_of_day": [8000 if day % 7 > 4 else 4500 for day in done],
        FREE: [60e9 - 0.01e9 * hour for hour in hours],
    }
    assert expected(tmp_path, series, list(hours)) == ""


def test_rules_and_settings_are_what_prometheus_can_read():
    for arguments in (["check", "config", CONF / "prometheus" / "prometheus.yml"], ["check", "rules", RULES]):
        done = subprocess.run([installed("promtool"), *arguments], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_command_names_the_log_of_the_day_and_the_task(tmp_path):
    """The whole of an alert's text, as Prometheus writes it."""
    changed = {FAILED: 1, "moovitamix_day_complete": 0, "moovitamix_run_date_timestamp_seconds": 86_400 * 2}
    alert = {
        "exp_labels": {"severity": "critical", "task": "Recommend"},
        "exp_annotations": {
            "summary": "Recommend failed or was killed, and its day is not done.",
            "command": "less data/lake/logs/1970-01-03/Recommend.log",
        },
    }
    checks = {"alert_rule_test": [{"eval_time": f"{HOURS}h", "alertname": "TaskFailed", "exp_alerts": [alert]}]}
    assert promtool(tmp_path, changed, HOURS, checks) == ""
