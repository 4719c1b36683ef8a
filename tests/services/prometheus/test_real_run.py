"""Two days of the demo, run as `make run` does, seen by a real Prometheus."""

import json
import subprocess
import sys

import pytest

from tasks.run.demo import last_days
from tests.ports import free_port
from tests.services.prometheus.servers import CONF, ROOT, exporter, luigid, prometheus, run_tasks

pytestmark = pytest.mark.services

BOARD = json.loads((CONF / "grafana" / "dashboards" / "moovitamix.json").read_text())
PANELS = [panel for panel in BOARD["panels"] if panel.get("targets")]


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """Prometheus, and the address of the lake's exporter."""
    folder = tmp_path_factory.mktemp("real")
    dates = last_days(2)
    command = [sys.executable, "-m", "tasks.run.demo", "--days=2", f"--root={folder}", f"--port={free_port()}"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    for date in dates:
        command = [
            sys.executable,
            "-m",
            "jobs",
            "health",
            "--record",
            f"--date={date}",
            f"--lake-root={folder / 'lake'}",
        ]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    with (
        exporter(folder / "lake", folder) as lake,
        luigid(folder) as scheduler,
        prometheus(folder, {"moovitamix": lake, "luigid": scheduler}) as server,
    ):
        run_tasks(scheduler, folder)  # the demo's own days do without a luigid
        for _ in range(2):  # an increase is one between two samples
            server.scraped_again()
        yield server, lake


@pytest.mark.parametrize("panel", PANELS, ids=[panel["title"] for panel in PANELS])
def test_no_panel_is_empty(panel, seen):
    server, lake = seen
    assert [x for target in panel["targets"] for x in server.query(target["expr"].replace("$instance", lake))]


def test_a_healthy_run_raises_no_alert(seen):
    server, _ = seen
    assert server.alerts("firing") == set()


def test_both_days_were_seen(seen):
    server, _ = seen
    assert server.value("moovitamix_day_complete") == 1
    assert server.value("moovitamix_missing_dates") == 0
    assert server.value("moovitamix_live_ndcg") > server.value("moovitamix_live_ndcg_popularity")
    assert server.value('moovitamix_step_duration_seconds{task="Recommend"}') > 0
