"""The short form of ``make chaos``: two days with each kind of fault once, beside the same days without."""

import pathlib
import tempfile

import pytest

from tests.chaos.run import chaos
from tests.services.postgres.server import programs

pytestmark = pytest.mark.services
SEED = 1
# What a machine of any speed meets within two days; a full disk takes a root that may mount.
SURE = ("api", "mlflow", "postgres", "luigi", "wrapper", "client", "server", "stop")


@pytest.fixture
def folder():
    """One that PostgreSQL's user may enter, which those of tmp_path are not."""
    with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as made:
        yield pathlib.Path(made)


def test_days_with_faults_end_as_those_without(folder, capsys):
    programs()  # fails with one line where PostgreSQL is not installed
    outcome = chaos(folder, SEED, 0, short=True)
    said = capsys.readouterr().out
    assert outcome.findings == [], said
    assert [kind for kind in SURE if not outcome.hits[kind]] == [], said
