"""What is said of a mart that cannot be used, and what is sent there."""

import psycopg
import pytest

from conf.errors import BadSetting
from conf.postgres import address, conninfo
from conf.settings import PostgresSettings
from jobs.mart.connection import said
from jobs.mart.staging import valid


def test_the_environments_password_stands_above_the_urls():
    found = psycopg.conninfo.conninfo_to_dict(
        conninfo(PostgresSettings(url="postgresql://me:a@host/db", password="b c"), port=7)
    )
    assert (found["password"], found["port"], found["dbname"]) == ("b c", "7", "db")


def test_an_address_has_neither_user_nor_password():
    assert address(PostgresSettings(url="postgresql://me:secret@host:5433/db")) == "host:5433/db"


def test_what_is_no_url_is_not_shown():
    with pytest.raises(BadSetting) as caught:
        conninfo(PostgresSettings(url="postgresql://me:secret@[host/db"))
    assert "secret" not in caught.value.message


def test_of_several_tries_the_last_reason_is_said():
    error = psycopg.OperationalError(
        'connection failed: connection to server at "127.0.0.1", port 1 failed: Connection refused\n'
        "\tIs the server running on that host and accepting TCP/IP connections?\n"
    )
    assert said(error).startswith(
        'connection failed: connection to server at "127.0.0.1", port 1 failed: Connection refused; see'
    )


@pytest.mark.parametrize(
    ("figures", "sent"),
    [
        ('{"a": 1}', '{"a": 1}'),
        ('{"a": NaN}', '{"a": null}'),
        ("", None),
        (None, None),
        ("no", None),
        ('"a\\u0000"', '"a"'),
    ],
)
def test_figures_are_json_that_postgresql_takes(figures, sent):
    assert valid(figures) == sent
