import dataclasses

import pytest
from jsonschema import Draft202012Validator

from conf.settings import SECTIONS, Settings
from conf.settings.schema_of_files import json_schema

SCHEMA = json_schema()


def errors(values):
    return [error.message for error in Draft202012Validator(SCHEMA).iter_errors(values)]


def test_it_is_a_schema_with_every_setting_that_its_defaults_fit():
    Draft202012Validator.check_schema(SCHEMA)
    assert {name: list(one["properties"]) for name, one in SCHEMA["properties"].items()} == {
        name: [field.name for field in dataclasses.fields(cls)] for name, cls in SECTIONS.items()
    }
    assert errors(dataclasses.asdict(Settings())) == []


@pytest.mark.parametrize(
    "values",
    [
        {"als": {"rank": 0}},
        {"als": {"rank": 1.5}},
        {"als": {"solver": "magic"}},
        {"spark": {"remote": "localhost:15002"}},
        {"als": {"rnk": 1}},
        {"asl": {}},
    ],
)
def test_it_refuses_what_is_not_allowed(values):
    assert len(errors(values)) == 1


def test_a_secret_is_marked_and_has_no_default():
    token = SCHEMA["properties"]["api"]["properties"]["token"]
    assert (token["writeOnly"], token["default"]) == (True, "")
