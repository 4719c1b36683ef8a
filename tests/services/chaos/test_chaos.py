"""The short form of ``make chaos``: two days with each kind of fault once, beside the same days without."""

import pytest

from tests.chaos.run import chaos
from tests.services.postgres.server import programs

pytestmark = pytest.mark.services
SEED = 1
# What a machine of any speed meets within two days; a full disk takes a root that may mount.
SURE = ("api", "mlflow", "postgres", "luigi", "wrapper", "client", "server", "stop")


def test_days_with_faults_end_as_those_without(tmp_path, capsys):
    programs()  # fails with one line where PostgreSQL is not installed
    outcome = chaos(tmp_path, SEED, 0, short=True)
    said = capsys.readouterr().out
    assert outcome.findings == [], said
    assert [kind for kind in SURE if not outcome.hits[kind]] == [], said
