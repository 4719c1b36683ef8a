import datetime

import pytest

from lake.failing import again, cause, nights

TORN = "tracks: found 3 rows, required are 20 (log: /lake/logs/2024-03-01/CleanTracks.log)"


def tried(night, status="failed", error=TORN, date=1, task="CleanTracks", hour=2):
    return {
        "task": task,
        "date": datetime.date(2024, 3, date),
        "status": status,
        "started_at": datetime.datetime(2024, 3, night, hour, tzinfo=datetime.UTC),
        "error": error if status != "done" else None,
    }


@pytest.mark.parametrize(
    ("runs", "count"),
    [
        ([tried(2)], 1),
        ([tried(2), tried(2, hour=3), tried(3)], 2),
        ([tried(2), tried(3), tried(4, error=TORN.replace("3", "5").replace("-01/", "-03/"), date=3)], 3),
        ([tried(2), tried(5), tried(9)], 3),  # a machine may be off for a night
        ([tried(2), tried(3, error="no space"), tried(4)], 1),
        ([tried(2), tried(3), tried(3, "done", hour=4), tried(4)], 1),
        ([tried(2), tried(3), tried(3, "done", date=2, hour=4), tried(4)], 3),  # a later day went on without it
        ([tried(2), tried(3), tried(4, task="CleanUsers")], 2),
        ([tried(night, "killed", None) for night in (2, 3, 4)], 3),
        ([tried(2, "killed", "killed by SIGKILL after: x"), tried(3, "killed", "killed by SIGKILL after: y")], 2),
    ],
)
def test_nights_running_with_the_same_cause(runs, count):
    failure = [run for run in runs if run["task"] == "CleanTracks" and run["status"] != "done"][-1]
    assert nights(runs, failure) == count


def test_a_cause_is_the_error_without_what_changes_from_night_to_night():
    assert cause(tried(2)) == "tracks: found # rows, required are #"


def test_two_nights_are_not_told_of_yet():
    runs = [tried(2), tried(3), tried(4)]
    assert again(runs[:2], runs[1]) == ""
    assert again(runs, runs[2]) == "the same on 3 nights running"
