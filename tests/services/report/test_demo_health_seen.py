"""What ``make demo-health`` leaves, in a real browser: ten demo days with faults, five minutes on two cores.

MOOVITAMIX_DEMO_HEALTH names the folder of a run that is there already.
"""

import os
import pathlib
import re
import subprocess
import sys

import pytest

from lake.layout import report_revision
from tests.ports import free_port

pytestmark = [pytest.mark.services, pytest.mark.long]

ROOT = pathlib.Path(__file__).parents[3]
FOLD = 1750  # pixels of the report that a picture shows


@pytest.fixture(scope="module")
def reports(tmp_path_factory) -> pathlib.Path:
    folder = os.environ.get("MOOVITAMIX_DEMO_HEALTH")
    if folder:
        return pathlib.Path(folder) / "lake" / "reports"
    made = tmp_path_factory.mktemp("demo-health")
    command = [sys.executable, "-m", "tasks.run.demo_health", f"--root={made}", f"--port={free_port()}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    for path in re.findall(r"/\S+\.html", done.stdout):
        assert pathlib.Path(path).exists()
    return made / "lake" / "reports"


@pytest.fixture(scope="module")
def days(reports) -> list[pathlib.Path]:
    """The ten last days' reports, oldest first."""
    return sorted(reports.glob("2*.html"))[-10:]


def attention(seen) -> str:
    return " ".join(seen.page.locator(".card").all_inner_texts())


def test_the_last_day_names_its_three_faults_and_is_done_all_the_same(look, days, tmp_path):
    seen = look(days[-1], 1000)
    said = attention(seen)
    for fault in ("favorite_genres", "duplicate", "FetchListenHistory"):
        assert fault in said
    assert seen.page.locator(".verdict .mark").inner_text() != "All is well"
    assert "users have lists" in seen.page.locator(".verdict").inner_text()
    assert report_revision(days[-1]) == 1
    assert seen.said == []
    folder = pathlib.Path(os.environ.get("MOOVITAMIX_PICTURES") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    seen.picture(folder / "report.png", until=FOLD)


def test_the_day_that_failed_said_what_was_lost_and_how_to_go_on(look, days):
    failed = days[-3].with_name(f"failed-{days[-3].name}")
    assert report_revision(failed) == 0
    said = attention(look(failed, 390))
    assert re.match(r"\s*FetchListenHistory failed", said)
    assert "--accept-volume-change" in said
    assert report_revision(days[-3]) == 1


def test_a_day_without_a_fault_is_well(look, days):
    seen = look(days[-2])
    assert seen.page.locator(".verdict .mark").inner_text() == "All is well"


def test_the_index_lists_all_days_with_their_marks(look, days):
    rows = look(days[-1].with_name("index.html")).page.locator("tr").all_inner_texts()[1:11]
    assert [row.split()[0] for row in rows] == [path.stem for path in reversed(days)]
    assert ["All is well" in row for row in rows][:3] == [False, True, False]
