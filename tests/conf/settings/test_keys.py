import dataclasses

import pytest

from conf.errors import BadSetting
from conf.settings import SECTIONS, holds_password, parse
from conf.settings.keys import is_secret


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


@pytest.mark.parametrize(
    ("section", "key", "text", "value"),
    [
        ("lake", "root", "~/lake", "HOME/lake"),
        ("lake", "root", "s3a://bucket/~/lake", "s3a://bucket/~/lake"),
        ("lake", "root", "data/~lake", "data/~lake"),
        ("registry", "uri", "sqlite:///~/mlflow.db", "sqlite:///HOME/mlflow.db"),
        ("registry", "uri", "http://host/~me", "http://host/~me"),
        ("api", "ca_bundle", "~/ca.pem", "HOME/ca.pem"),
        ("mail", "ca_bundle", "~/ca.pem", "HOME/ca.pem"),
    ],
)
def test_a_tilde_at_the_beginning_of_a_path_is_the_home_folder(section, key, text, value, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "ca.pem").touch()
    assert getattr(getattr(parse({section: {key: text}}), section), key) == value.replace("HOME", str(tmp_path))


def test_a_tilde_in_what_is_no_path_stays():
    assert parse({"api": {"base_url": "http://host/~me"}}).api.base_url == "http://host/~me"


@pytest.mark.parametrize(
    ("name", "text", "secret"),
    [
        ("token", "abc", True),
        ("token", " ", False),
        ("smtp_password", "abc", True),
        ("aws_secret_access_key", "abc", True),
        ("base_url", "http://me:pa55@host", True),
        ("base_url", "http://host", False),
        ("max_tokens", "5", False),
        ("seed", "42", False),
    ],
)
def test_a_secret_is_known_by_its_name_or_as_a_url_with_a_password(name, text, secret):
    assert is_secret(name, text) is secret


def test_every_declared_secret_looks_like_one():
    declared = [field for cls in SECTIONS.values() for field in dataclasses.fields(cls) if field.metadata["env"]]
    assert len(declared) == 6
    assert [field.name for field in declared if not is_secret(field.name, "x")] == ["url"]  # with a password, it does


def test_a_wrong_value_of_a_secret_is_not_shown():
    with pytest.raises(BadSetting) as refused:
        parse({"app": {"token": "with spaces"}})
    assert refused.value.message == "[app] token: found (not shown), allowed is ASCII without spaces"
