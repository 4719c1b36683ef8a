import datetime
import json

import pytest

from conf.errors import Refused
from jobs.health import report
from jobs.health.ledger import main
from jobs.runtime.command import parser, settle
from lake.access import Lake
from lake.layout import report_file, report_revision, spool_folder

DAY = datetime.date(2024, 3, 1)
TEN = "2024-03-02T10:00:00+00:00"


def spooled(root, *entries):
    """What a command left that is not there any more: the first process is older than any."""
    folder = spool_folder(root)
    folder.mkdir(parents=True, exist_ok=True)
    lines = [{"date": str(DAY), "task": task, "status": status, **more} for task, status, more in entries]
    (folder / "1-1.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def folded(root, monkeypatch):
    monkeypatch.setattr("sys.argv", ["ledger", f"--lake-root={root}", f"--date={DAY}"])
    main(settle(parser("", "lake", "evaluate", "retrain", "health")))
    return Lake(str(root))


def test_a_command_without_faults_is_folded_and_leaves_nothing_else(tmp_path, monkeypatch):
    spooled(tmp_path, ("A", "started", {"started_at": TEN}), ("A", "done", {"seconds": 2.0}))
    lake = folded(tmp_path, monkeypatch)
    assert [(row["task"], row["status"]) for row in lake.rows("runs")] == [("A", "done")]
    assert lake.rows("health") == []
    assert not list(spool_folder(tmp_path).iterdir())


def test_a_day_that_went_wrong_is_recorded_and_has_a_report_that_does_not_complete_it(tmp_path, monkeypatch):
    failed = {"seconds": 1.0, "error": "users: no snapshot <script>"}
    spooled(tmp_path, ("CleanUsers", "started", {"started_at": TEN}), ("CleanUsers", "failed", failed))
    lake = folded(tmp_path, monkeypatch)
    assert {(row["metric"], row["severity"]) for row in lake.rows("findings")} == {
        ("steps_failed", "critical"),
        ("day_complete", "critical"),
        ("users_served", "critical"),
    }
    [finding] = lake.rows("findings", [("metric", "=", "steps_failed")])
    assert finding["text"] == "CleanUsers failed once: users: no snapshot <script>"
    assert report_revision(report_file(tmp_path, DAY)) == 0


@pytest.mark.slow
def test_a_step_that_was_killed_with_its_command_is_told_by_the_next_one(tmp_path, monkeypatch):
    spooled(tmp_path, ("Recommend", "started", {"started_at": TEN}))
    lake = folded(tmp_path, monkeypatch)
    [killed] = lake.rows("findings", [("metric", "=", "steps_killed")])
    assert killed["text"].startswith("Recommend was killed once: ")
    assert killed["command"] == f"grep Recommend {tmp_path}/logs/{DAY}/day.*"


def test_a_mail_that_failed_makes_no_report(tmp_path, monkeypatch):
    spooled(tmp_path, ("Notify", "started", {"started_at": TEN}), ("Notify", "failed", {"seconds": 1.0}))
    assert folded(tmp_path, monkeypatch).rows("health") == []
    assert not report_file(tmp_path, DAY).exists()


def test_a_report_that_is_refused_costs_neither_the_attempts_nor_the_findings(tmp_path, monkeypatch):
    def refuse(_):
        raise Refused("no space left")

    monkeypatch.setattr(report, "main", refuse)
    failed = {"seconds": 1.0, "error": "no snapshot"}
    spooled(tmp_path, ("CleanUsers", "started", {"started_at": TEN}), ("CleanUsers", "failed", failed))
    lake = folded(tmp_path, monkeypatch)
    assert [row["status"] for row in lake.rows("runs")] == ["failed"]
    assert "steps_failed" in {row["metric"] for row in lake.rows("findings")}
