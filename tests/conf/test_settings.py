import argparse
import sys

import pytest

from conf.errors import BadSetting
from conf.settings import ApiSettings, Settings, add_flags, as_flags, from_flags, holds_password, parse


def test_what_is_not_given_has_its_default():
    assert parse({}) == Settings()


@pytest.mark.parametrize(
    ("section", "key", "text", "allowed"),
    [
        ("als", "rank", "0", "a whole number from 1 to 1024"),
        ("als", "rank", "64.5", "a whole number from 1 to 1024"),
        ("als", "reg", "nan", "a number of at least 0"),
        ("als", "solver", "magic", "auto or local or blocks or mllib"),
        ("retrain", "min_ratio", "1.5", "a number from 0 to 1"),
        ("spark", "remote", "localhost:15002", "empty, or sc://host:port"),
        ("spark", "conf", "executor.memory=4g", "empty, or name=value, one a line"),
        ("spark", "conf", "spark.executor.memory", "empty, or name=value, one a line"),
        ("api", "timezone", "Mars/Base", "an IANA time zone such as UTC or Europe/Paris"),
        ("lake", "root", "gs://bucket/lake", "a folder of this machine, or s3a://bucket/folder"),
    ],
)
def test_a_wrong_value_is_refused_with_key_found_and_allowed(section, key, text, allowed):
    with pytest.raises(BadSetting) as refused:
        parse({section: {key: text}})
    assert refused.value.message == f"[{section}] {key}: found {text!r}, allowed is {allowed}"


def test_figures_are_not_asked_for_beyond_the_length_that_is_served():
    with pytest.raises(
        BadSetting, match=r"\[evaluate\] k: found '30', allowed is at most \[recommend\] k, which is 20"
    ):
        parse({"evaluate": {"k": "30"}})


def test_an_unknown_key_is_refused_with_those_that_are_known():
    with pytest.raises(BadSetting, match=r"\[promote\] gain: not a setting; known are min_gain"):
        parse({"promote": {"gain": "1"}})


def test_keys_that_luigi_itself_reads_are_let_be():
    assert parse({"spark": {"deploy-mode": "client"}}).spark == Settings().spark


@pytest.mark.parametrize(
    "text",
    [
        "\nspark.executor.memory=4g\nspark.executor.extraJavaOptions=-Da=b -Dc=d\n",
        "spark.executor.memory=4g | spark.executor.extraJavaOptions=-Da=b -Dc=d",
    ],
)
def test_properties_of_spark_stand_one_a_line_or_with_bars_between(text):
    assert parse({"spark": {"conf": text}}).spark.properties == {
        "spark.executor.memory": "4g",
        "spark.executor.extraJavaOptions": "-Da=b -Dc=d",
    }
    assert parse({}).spark.properties == {}


def test_a_secret_comes_from_the_environment_and_is_shown_nowhere(monkeypatch):
    monkeypatch.setenv("MOOVITAMIX_API_TOKEN", "hunter2")
    settings = parse({})
    assert settings.api.token == "hunter2"
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in " ".join(as_flags(settings, "api"))


def test_flags_override_the_file_and_carry_every_value_to_a_job(tmp_path, monkeypatch):
    config = tmp_path / "luigi.cfg"
    config.write_text("[als]\nrank = 7\nalpha = 3\n[lake]\nroot = /from/file\n")
    monkeypatch.setenv("LUIGI_CONFIG_PATH", str(config))
    parser = argparse.ArgumentParser()
    add_flags(parser, "als", "lake")
    settings = from_flags(parser.parse_args(["--als-rank=9"]))
    assert (settings.als.rank, settings.als.alpha, settings.lake.root) == (9, 3.0, "/from/file")
    assert from_flags(parser.parse_args(as_flags(settings, "als", "lake"))) == settings


def test_a_secret_may_lie_in_a_file_and_the_variable_goes_before_it(monkeypatch, tmp_path):
    (tmp_path / "token").write_text("from-file\n")
    monkeypatch.setenv("MOOVITAMIX_API_TOKEN_FILE", str(tmp_path / "token"))
    assert parse({}).api.token == "from-file"
    monkeypatch.setenv("MOOVITAMIX_API_TOKEN", "from-variable")
    assert parse({}).api.token == "from-variable"


def test_a_secrets_file_that_is_not_there_is_refused_by_name(monkeypatch, tmp_path):
    monkeypatch.setenv("MOOVITAMIX_API_TOKEN_FILE", str(tmp_path / "none"))
    with pytest.raises(
        BadSetting, match=r"\[api\] token: MOOVITAMIX_API_TOKEN_FILE names .*none, which cannot be read"
    ):
        parse({})


@pytest.mark.parametrize(
    ("url", "holds"),
    [
        ("http://user:pa55@host:5000", True),
        ("postgresql+psycopg://user:p%40ss@/db", True),
        ("postgresql://host/db?user=a&password=pa55", True),
        ("http://:pa55@host", True),
        ("http://host:5000/a@b:c", False),
        ("postgresql://user@host:5432/db", False),
        ("sqlite:///data/mlflow.db", False),
    ],
)
def test_a_url_with_a_password_is_told_from_one_without(url, holds):
    assert holds_password(url) is holds


def test_a_password_in_the_registrys_uri_is_refused_unseen_with_where_it_goes():
    with pytest.raises(
        BadSetting, match=r"\[registry\] uri: found \(not shown\), .*MLFLOW_TRACKING_PASSWORD"
    ) as refused:
        parse({"registry": {"uri": "http://user:pa55@host:5000"}})
    assert "pa55" not in refused.value.message


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
