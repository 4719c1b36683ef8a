"""What a date's snapshot held is written once, with its marker, and what two dates write at once is the same as in turn."""

import datetime
import threading

import pytest
from deltalake.exceptions import CommitFailedError

from conf.contract import TRACKS
from conf.errors import Refused
from jobs.cleaning import served
from jobs.recommendation.servable import served_on
from jobs.runtime.frames import SparkLake
from lake import turns

FIRST, SECOND, THIRD, FOURTH = (datetime.date(2024, 3, day) for day in (1, 2, 3, 4))
HELD = {
    FIRST: {1: "rock", 2: "folk"},
    SECOND: {1: "rock", 3: None},
    THIRD: {1: "rock", 3: None},
    FOURTH: {1: "pop", 2: "folk"},
}
IN_ORDER = [
    (1, "pop", FOURTH, None),
    (1, "rock", FIRST, FOURTH),
    (2, "folk", FIRST, SECOND),
    (2, "folk", FOURTH, None),
    (3, None, SECOND, FOURTH),
]


@pytest.fixture
def lake(spark, tmp_path):
    found = SparkLake(str(tmp_path), spark)
    rows = [{"date": date, "entity": "tracks", "snapshot_date": date} for date in HELD]
    found.append_rows(rows, "accounting", "accounting/test/1")
    return found


def record(lake, date, held=None):
    rows = list((HELD[date] if held is None else held).items())
    clean = lake.spark.createDataFrame(rows, "track_id bigint, genres string")
    served.record(lake, clean, TRACKS, date)


def spans(lake):
    rows = lake.rows("tracks_served")
    found = [(row["track_id"], row["genres"], row["served_from"], row["served_until"]) for row in rows]
    return sorted(found, key=str)


def on(lake, date):
    return {row.track_id: row.genres for row in served_on(lake, TRACKS, date).collect()}


def test_each_date_has_what_its_snapshot_held(lake):
    for date in (THIRD, FIRST, FOURTH, SECOND):
        record(lake, date)
    assert spans(lake) == IN_ORDER
    assert {date: on(lake, date) for date in HELD} == HELD


def test_again_changes_nothing_and_a_day_like_the_one_before_writes_no_file(lake):
    for date in (FIRST, SECOND):
        record(lake, date)
    before = lake.opened("tracks_served")
    record(lake, SECOND, {9: "other"})
    assert lake.version("tracks_served").endswith(f"@{before.version()}")
    record(lake, THIRD)
    after = lake.opened("tracks_served")
    assert (after.version(), after.file_uris()) == (before.version() + 1, before.file_uris())
    assert after.transaction_version("tracks_served/CleanTracks/2024-03-03") == 1


def test_whole_day_takes_the_place_of_a_partial_one_and_a_revision_that_of_the_one_before(lake):
    for revision, held in ((0, {7: "a"}), (1, {8: "b"}), (3, HELD[SECOND]), (2, {9: "c"})):
        record(SparkLake(lake.root, lake.spark, revision), SECOND, held)
    record(lake, FIRST)
    record(lake, THIRD)
    record(lake, FOURTH)
    assert spans(lake) == IN_ORDER


def overtake(monkeypatch, lake, date, held=None):
    """Another date commits when the next one has read."""
    real, waiting = served.corrections, [date]

    def overtaken(*args):
        if waiting:
            record(lake, waiting.pop(), held)
        return real(*args)

    monkeypatch.setattr(served, "corrections", overtaken)


def test_date_that_another_overtakes_looks_again(lake, monkeypatch):
    for date in (FIRST, FOURTH):
        record(lake, date)
    overtake(monkeypatch, lake, THIRD)
    record(lake, SECOND)
    assert spans(lake) == IN_ORDER


def test_date_that_a_marker_alone_overtakes_looks_again(lake, monkeypatch):
    """The third date is as the first, so it writes no row: the second one's must end where it begins all the same."""
    record(lake, FIRST)
    overtake(monkeypatch, lake, THIRD, HELD[FIRST])
    record(lake, SECOND)
    assert [on(lake, date) for date in (FIRST, SECOND, THIRD)] == [HELD[FIRST], HELD[SECOND], HELD[FIRST]]


def test_dates_at_once_leave_what_they_leave_in_turn(lake, spark):
    record(lake, SECOND)
    failures = []

    def run(date):
        try:
            record(SparkLake(lake.root, spark.newSession()), date)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(date,)) for date in HELD if date != SECOND]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert spans(lake) == IN_ORDER


def test_table_that_is_always_changed_first_ends_the_step_in_one_line(lake, monkeypatch):
    def beaten(*args):
        raise CommitFailedError("another was first")

    monkeypatch.setattr(turns, "_attempt", beaten)
    monkeypatch.setattr(turns, "LONGEST_WAIT", 0.01)
    with pytest.raises(Refused, match="other commits came first 10 times; run the step again"):
        record(lake, FIRST)


def test_date_that_is_not_known_is_refused_with_what_to_do(lake):
    record(lake, FIRST)
    with pytest.raises(Refused, match="tracks of 2024-02-29 have not been cleaned"):
        served_on(lake, TRACKS, FIRST - datetime.timedelta(days=1))
    with pytest.raises(
        Refused, match=r"does not say what the snapshot of 2024-03-02 held; .* --entity tracks --date 2024-03-02"
    ):
        served_on(lake, TRACKS, SECOND)
    record(SparkLake(lake.root, lake.spark, 0), SECOND)
    assert set(on(SparkLake(lake.root, lake.spark, 5), SECOND)) == {1, 3}
