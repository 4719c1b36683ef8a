import re

import pytest

from conf.errors import BadSetting
from conf.settings import Settings, as_flags, parse, read_file, suppression_key
from conf.settings.data_sections import NONE_OF


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
        (
            "lake",
            "root",
            "gs://bucket/lake",
            f"a folder of this machine whose whole path has {NONE_OF}, or s3a://bucket/folder",
        ),
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


def test_a_password_in_the_registrys_uri_is_refused_unseen_with_where_it_goes():
    with pytest.raises(
        BadSetting, match=r"\[registry\] uri: found \(not shown\), .*MLFLOW_TRACKING_PASSWORD"
    ) as refused:
        parse({"registry": {"uri": "http://user:pa55@host:5000"}})
    assert "pa55" not in refused.value.message


def test_a_misspelt_key_is_refused_with_the_nearest():
    with pytest.raises(
        BadSetting, match=r"\[clean\] max_bad_shar: not a setting; known are .*; did you mean max_bad_s"
    ):
        parse({"clean": {"max_bad_shar": "1"}})


def test_settings_that_depend_on_each_other_are_compared_where_a_command_has_both():
    values = {"evaluate": {"k": "30"}}
    assert parse(values, ["evaluate", "lake"]).evaluate.k == 30
    with pytest.raises(BadSetting):
        parse(values, ["evaluate", "recommend"])


def test_the_suppression_key_may_stand_in_a_file_too(tmp_path, monkeypatch):
    config = tmp_path / "luigi.cfg"
    config.write_text("[lake]\nsuppression_key = from-file\n")
    config.chmod(0o600)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MOOVITAMIX_SUPPRESSION_KEY", raising=False)
    assert suppression_key() == "from-file"
    monkeypatch.setenv("MOOVITAMIX_SUPPRESSION_KEY", "from-variable")
    assert suppression_key() == "from-variable"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("page_sise = 5", "luigi.cfg:3: [api] page_sise: not a setting"),
        ("page_size = many", "luigi.cfg:3: [api] page_size: found 'many'"),
    ],
)
def test_a_wrong_key_or_value_of_a_file_names_the_file_and_its_line(tmp_path, monkeypatch, line, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "luigi.cfg").write_text(f"# ours\n[api]\n{line}\n")
    with pytest.raises(BadSetting, match=f"^{re.escape(said)}"):
        parse(read_file())
