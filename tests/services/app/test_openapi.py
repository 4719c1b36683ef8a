"""The API against its own description, with requests that schemathesis makes up."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

pytestmark = pytest.mark.services

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
PATHS = [
    "/users/{user_id}/recommendations",
    "/users/{user_id}/history",
    "/users",
    "/tracks/{track_id}",
    "/tracks",
    "/health",
    "/metrics",
]


@pytest.fixture(scope="module")
def schema(url):
    return schemathesis.openapi.from_url(f"{url}/openapi.json")


def test_every_route_is_described(schema):
    assert sorted(schema.raw_schema["paths"]) == sorted(PATHS)


@pytest.mark.parametrize(
    ("path", "mode"),
    # What takes nothing cannot be asked wrongly.
    [(path, GenerationMode.POSITIVE) for path in PATHS] + [(path, GenerationMode.NEGATIVE) for path in PATHS[:-2]],
)
def test_no_request_breaks_it_and_answers_are_as_described(schema, path, mode):
    operation = schema[path]["GET"]
    cases = operation.as_strategy(generation_mode=mode)

    @settings(
        max_examples=60,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def run(case):
        case.call_and_validate(checks=CHECKS, timeout=20)

    run()
