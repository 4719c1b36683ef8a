import json

from jobs.health.spool import attempts


def lines(*entries):
    return "".join(
        json.dumps({"date": "2024-03-01", "task": task, "status": status, **more}) + "\n"
        for task, status, more in entries
    )


def test_a_start_and_an_end_make_one_attempt():
    found = attempts(
        lines(("Recommend", "started", {"host": "a"}), ("Recommend", "done", {"seconds": 2.5, "rows_out": 20}))
    )
    assert [(row["status"], row["attempt"], row["seconds"], row["rows_out"], row["host"]) for row in found] == [
        ("done", 1, 2.5, 20, "a")
    ]


def test_an_attempt_without_an_end_was_killed():
    assert [row["status"] for row in attempts(lines(("Recommend", "started", {})))] == ["killed"]


def test_a_step_that_failed_and_was_tried_again_has_two_attempts():
    found = attempts(
        lines(("A", "started", {}), ("A", "failed", {"error": "no"}), ("A", "started", {}), ("A", "done", {}))
    )
    assert [(row["status"], row["attempt"], row["error"]) for row in found] == [("failed", 1, "no"), ("done", 2, None)]


def test_a_step_that_waited_and_was_started_again_has_one():
    found = attempts(
        lines(("A", "started", {}), ("B", "started", {}), ("B", "done", {}), ("A", "started", {}), ("A", "done", {}))
    )
    assert [(row["task"], row["status"], row["attempt"]) for row in found] == [("A", "done", 1), ("B", "done", 1)]


def test_a_line_that_was_cut_off_is_passed_over():
    found = attempts(lines(("A", "started", {}), ("A", "done", {})) + '{"date": "2024-03-0')
    assert len(found) == 1
