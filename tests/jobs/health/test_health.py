"""The command ``health`` reads, writes where it is told to, and ends with a code for the worst that it found."""

import argparse
import datetime

import pytest

from conf.errors import BadSetting
from conf.settings import LakeSettings, Settings
from jobs.health import health
from jobs.health.monitoring.day_health import DayHealth
from jobs.health.monitoring.finding import Finding
from jobs.runtime.command import Job
from lake.access import Lake

DAY = datetime.date(2024, 3, 10)


def job(root, record=False):
    args = argparse.Namespace(record=record, revision=1)
    return Job(DAY, Settings(lake=LakeSettings(root=str(root))), args)


def files(root):
    return sorted(path for path in root.rglob("*") if path.is_file())


def test_it_leaves_the_lake_as_it_is_unless_it_is_told_to_record(tmp_path, capsys):
    health.main(job(tmp_path))
    assert files(tmp_path) == []
    read = capsys.readouterr().out
    health.main(job(tmp_path, record=True))
    assert {path.relative_to(tmp_path).parts[0] for path in files(tmp_path)} == {"health", "findings", "_schema.json"}
    assert capsys.readouterr().out == read


@pytest.mark.parametrize(
    ("severities", "code"), [([], 0), (["warning"], 1), (["critical"], 2), (["warning", "critical"], 2)]
)
def test_the_code_is_that_of_the_worst_finding(tmp_path, monkeypatch, severities, code):
    findings = [Finding("users_served", "", severity, "Few: users") for severity in severities]
    seen = DayHealth(DAY, {}, {}, findings, "So it is.")
    monkeypatch.setattr(health, "judge", lambda *_: argparse.Namespace(health=seen))
    assert health.main(job(tmp_path)) == code


def test_a_day_before_the_first_is_refused(tmp_path):
    lake = Lake(str(tmp_path))
    started = datetime.datetime(2024, 3, 11, tzinfo=datetime.UTC)
    attempt = {"date": DAY + datetime.timedelta(days=1), "task": "FetchUsers", "status": "failed", "attempt": 1}
    lake.append_rows([{**attempt, "started_at": started, "seconds": 1.0}], "runs", "runs/x")
    with pytest.raises(BadSetting, match=r"2024-03-10 is before the first day of .*, which is 2024-03-11"):
        health.main(job(tmp_path, record=True))
