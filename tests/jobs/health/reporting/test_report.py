"""The job: which file it writes, and which revision the file says it has."""

import argparse
import datetime

import pytest

from conf.settings import LakeSettings, Settings
from jobs.health.report import main
from jobs.runtime.command import Job
from lake.layout import index_file, report_file, report_revision
from tests.jobs.health.reporting.days import DAY, before

TODAY = datetime.datetime.now(datetime.UTC).date()


@pytest.fixture
def report(tmp_path):
    def write(date=DAY, revision=None):
        main(Job(date, Settings(lake=LakeSettings(root=str(tmp_path))), argparse.Namespace(revision=revision)))

    return write


def test_by_hand_a_day_that_never_ended_has_a_report_that_does_not_pass_for_a_whole_day_s(report, tmp_path, capsys):
    report()
    assert report_revision(report_file(tmp_path, DAY)) == 0
    assert capsys.readouterr().out.strip() == str(report_file(tmp_path, DAY).absolute())


def test_by_hand_the_revision_of_a_whole_day_is_kept(report, tmp_path):
    report(revision=2)
    report()
    assert report_revision(report_file(tmp_path, DAY)) == 2


def test_the_report_of_today_is_a_partial_one_and_gives_way(report, tmp_path):
    report(TODAY)
    assert report_file(tmp_path, TODAY, partial=True).exists()
    assert not report_file(tmp_path, TODAY).exists()
    report(TODAY, revision=1)
    assert not report_file(tmp_path, TODAY, partial=True).exists()


def test_each_report_writes_the_index_anew_and_links_the_one_before(report, tmp_path):
    report(before(2))
    report()
    index = index_file(tmp_path).read_text()
    assert index.index(f"{DAY}.html") < index.index(f"{before(1)}") < index.index(f"{before(2)}.html")
    assert f'href="{before(2)}.html"' in report_file(tmp_path, DAY).read_text()
    assert not list(tmp_path.glob("reports/*.tmp"))
