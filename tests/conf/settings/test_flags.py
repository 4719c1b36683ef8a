import argparse
import sys

import pytest

from conf.errors import BadSetting
from conf.settings import ApiSettings, Settings, add_flags, as_flags, from_flags


def test_flags_override_the_file_and_carry_every_value_to_a_job(tmp_path, monkeypatch):
    config = tmp_path / "luigi.cfg"
    config.write_text("[als]\nrank = 7\nalpha = 3\n[lake]\nroot = /from/file\n")
    monkeypatch.setenv("LUIGI_CONFIG_PATH", str(config))
    parser = argparse.ArgumentParser()
    add_flags(parser, "als", "lake")
    settings = from_flags(parser.parse_args(["--als-rank=9"]))
    assert (settings.als.rank, settings.als.alpha, settings.lake.root) == (9, 3.0, "/from/file")
    assert from_flags(parser.parse_args(as_flags(settings, "als", "lake"))) == settings


def test_a_password_on_the_command_line_is_refused_unseen(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["job", "--api-base-url=http://user:pa55@host"])
    parser = argparse.ArgumentParser()
    add_flags(parser, "api")
    with pytest.raises(BadSetting, match=r"^--api-base-url: found a URL with a password \(not shown\)") as refused:
        from_flags(parser.parse_args(sys.argv[1:]))
    assert "pa55" not in refused.value.message


def test_a_url_with_a_password_reaches_no_jobs_command_line():
    settings = Settings(api=ApiSettings(base_url="http://user:pa55@host"))
    assert not any("pa55" in word or "base-url" in word for word in as_flags(settings, "api"))
    assert "--api-timezone=UTC" in as_flags(settings, "api")


def test_an_empty_flag_overrides_the_file(tmp_path, monkeypatch):
    (tmp_path / "luigi.cfg").write_text("[spark]\nremote = sc://host:1\n")
    monkeypatch.chdir(tmp_path)
    parser = argparse.ArgumentParser()
    add_flags(parser, "spark")
    assert from_flags(parser.parse_args([])).spark.remote == "sc://host:1"
    assert from_flags(parser.parse_args(["--spark-remote="])).spark.remote == ""


def test_a_job_that_has_one_of_two_dependent_settings_takes_what_its_task_has_checked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    parser = argparse.ArgumentParser()
    add_flags(parser, "lake", "evaluate")
    assert from_flags(parser.parse_args(["--evaluate-k=30"])).evaluate.k == 30
