"""Dates in any order, and run again, leave equal tables."""

import datetime
import itertools

import pytest

from conf.contract import LISTENS, TRACKS
from jobs.clean import merge
from jobs.lake import Lake

DAYS = [datetime.date(2024, 3, day) for day in (1, 2, 3)]
STAMP = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
TRACK = "track_id bigint, name string, artist string, songwriters string, duration_s int, genres string, album string, created_at timestamp, updated_at timestamp"
PLAY = "user_id bigint, track_id bigint, listened_at timestamp, position int, updated_at timestamp"

# Track 1 is renamed on the third day, 2 vanishes on the second and comes back, 3 is new on the second.
NAMES = {DAYS[0]: {1: "old", 2: "two"}, DAYS[1]: {1: "old", 3: "three"}, DAYS[2]: {1: "new", 2: "two", 3: "three"}}
# The history row gets a second version on the second day.
VERSIONS = {DAYS[0]: [(10, 0)], DAYS[1]: [(10, 0), (11, 1)], DAYS[2]: [(10, 0), (11, 1)]}


def tracks(spark, date):
    rows = [(at, name, "", "", 1, "", "", STAMP, STAMP) for at, name in NAMES[date].items()]
    return spark.createDataFrame(rows, TRACK)


def plays(spark, date):
    rows = [(1, track, STAMP, 0, STAMP + datetime.timedelta(hours=version)) for track, version in VERSIONS[date]]
    return spark.createDataFrame(rows, PLAY)


@pytest.mark.parametrize("order", [*list(itertools.permutations(DAYS))[1::2], [DAYS[0], *DAYS, DAYS[1]]])
def test_the_order_of_dates_does_not_matter(spark, tmp_path, order):
    lake = Lake(str(tmp_path), spark)
    for date in order:
        merge(lake, tracks(spark, date), TRACKS, date)
        merge(lake, plays(spark, date), LISTENS, date)
    found = sorted((row["track_id"], row["name"], row["first_seen"], row["last_seen"]) for row in lake.rows("tracks"))
    assert found == [
        (1, "new", DAYS[0], DAYS[2]),
        (2, "two", DAYS[0], DAYS[2]),
        (3, "three", DAYS[1], DAYS[2]),
    ]
    versions = sorted((row["track_id"], row["first_seen"]) for row in lake.rows("listens"))
    assert versions == [(10, DAYS[0]), (11, DAYS[1])]
