"""A registry behind a server: the copies that it keeps are fetched, and put back without the person."""

import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from jobs.model import registry_access, stored
from jobs.privacy import registry_copies
from jobs.registry import versions
from tests.jobs.factor_models import factor_model, tags
from tests.ports import free_port

pytestmark = pytest.mark.services


@pytest.fixture
def uri(tmp_path):
    port = free_port()
    mlflow = str(pathlib.Path(sys.executable).with_name("mlflow"))
    command = [mlflow, "server", "--host=127.0.0.1", f"--port={port}", "--workers=1"]
    command += [f"--backend-store-uri=sqlite:///{tmp_path}/m.db", f"--artifacts-destination={tmp_path}/artifacts"]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        deadline = time.monotonic() + 180
        while registry_access.reachable(f"http://127.0.0.1:{port}"):  # its port is open before it answers
            assert server.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        # It starts processes of its own, which end with their group.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)


def test_a_servers_copies_know_the_person_no_more(uri):
    version = versions.register(uri, factor_model(), tags(1), {})
    looked_at, found = registry_copies.count(uri, 2, [])
    assert (looked_at, found) == (3, 3)  # factors and both of MLflow's examples
    registry_copies.remove(uri, 2)
    assert registry_copies.count(uri, 2, []) == (3, 0)
    assert stored.fetch(uri, version).user_ids.tolist() == [1]
