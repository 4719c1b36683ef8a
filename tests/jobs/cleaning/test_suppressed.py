"""Rows that are in no file since a person was forgotten are accounted for as suppressed."""

import datetime
import pathlib

from conf.contract import LISTENS
from jobs.cleaning.clean import count
from jobs.cleaning.conversions import Context
from jobs.cleaning.snapshot import Snapshot

DAY = datetime.date(2024, 3, 1)


def test_what_the_manifest_says_was_left_out_is_counted(spark):
    plays = [("clean", [], 0), ("clean", [], 1), ("quarantined", ["unknown_track"], 0)]
    outcomes = spark.createDataFrame(plays, "outcome string, reasons array<string>, position int")
    context = Context(datetime.datetime(2024, 3, 2, tzinfo=datetime.UTC))
    snapshot = Snapshot(LISTENS, DAY, pathlib.Path("raw"), 2, (), context, suppressed_rows=4, suppressed_units=7)
    counts, _ = count(outcomes, snapshot)
    assert counts == {
        "rows": 6, "fetched": 10, "clean": 2, "duplicate": 0, "quarantined": 1, "later": 0, "suppressed": 7
    }  # fmt: skip
