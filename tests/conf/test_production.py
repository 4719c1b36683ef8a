"""conf/deploy/production.cfg is an example that works: known keys, values that are allowed, reasons, and no secret."""

import configparser
import dataclasses
import itertools
import os
import pathlib
import re
import subprocess
import sys

import pytest

from conf.settings import SECTIONS, holds_password, parse, read_file

ROOT = pathlib.Path(__file__).parents[2]
FILE = ROOT / "conf" / "deploy" / "production.cfg"
VALUES = read_file(FILE)


def raw(path):
    parser = configparser.RawConfigParser()
    parser.read(path)
    return parser


@pytest.fixture
def no_secrets(monkeypatch):
    for name in [name for name in os.environ if name.startswith("MOOVITAMIX_")]:
        monkeypatch.delenv(name)


def test_every_section_is_ours():
    assert set(raw(FILE).sections()) <= set(SECTIONS)


def test_every_value_is_accepted_and_is_what_stands_there(no_secrets):
    settings = parse(VALUES)
    assert settings.api.base_url == "https://api.moovitamix.example"
    assert (settings.lake.keep_raw_days, settings.als.local_mb) == (14, 24_576)
    assert settings.mail.addresses == ["recommendations-oncall@moovitamix.example"]


def test_it_holds_no_secret():
    secrets = {f"[{name}] {field.name}" for name, cls in SECTIONS.items() for field in of_secrets(cls)}
    given = {f"[{section}] {name}" for section, values in VALUES.items() for name in values}
    assert given & secrets == {"[postgres] url"}  # which may hold a password, and does not
    assert not any(holds_password(value) for values in VALUES.values() for value in values.values())


def of_secrets(section):
    return [field for field in dataclasses.fields(section) if field.metadata["env"]]


def test_the_variables_that_it_names_are_those_of_secrets():
    ours = {field.metadata["env"] for cls in SECTIONS.values() for field in of_secrets(cls)}
    named = set(re.findall(r"MOOVITAMIX_\w+", FILE.read_text()))
    assert named <= ours
    # The URL stands there, so that its variable is not needed.
    assert ours - named == {"MOOVITAMIX_POSTGRES_URL"}


def test_every_value_has_its_reason_above_it():
    lines = FILE.read_text().splitlines()
    bare = [
        line for before, line in itertools.pairwise(lines) if re.match(r"\w+ *=", line) and not before.startswith("#")
    ]
    assert bare == []


def test_luigi_and_a_job_read_the_same_and_luigi_keeps_its_own_sections():
    look = (
        "import luigi; from tasks.run.luigi_settings import settings; from conf.settings import parse, read_file\n"
        "assert settings() == parse(read_file())\n"
        "print(settings().daily.scheduler, luigi.configuration.get_config().get('scheduler', 'retry_count'))"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MOOVITAMIX_")}
    environment["LUIGI_CONFIG_PATH"] = "conf/deploy/production.cfg"
    done = subprocess.run([sys.executable, "-c", look], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["http://luigid.internal.example:8082", "3"]
