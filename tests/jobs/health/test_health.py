"""The command ``health`` reads, writes where it is told to, and ends with a code for the worst that it found."""

import argparse
import datetime

import pytest

from conf.settings import LakeSettings, Settings
from jobs.health import health
from jobs.health.monitoring.day_health import DayHealth
from jobs.health.monitoring.finding import Finding
from jobs.runtime.command import Job

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
