"""The SQL of plays and popularity, run by Spark and by DataFusion, beside a plain loop over the same rows."""

import collections
import datetime

import numpy as np
import pyarrow as pa
import pytest
from deltalake import write_deltalake

from conf.current_plays import MOST_POPULAR_FIRST, current_plays, known_by, play_counts
from conf.tables import LISTENS
from lake.delta import arrow_schema, open_path
from lake.delta import query as by_datafusion

DATE, DAYS = datetime.date(2024, 3, 5), 2
COLUMNS = "user_id, listened_at, position, track_id"


def moment(day: int, hour: int) -> datetime.datetime:
    return datetime.datetime(2024, 3, day, hour, tzinfo=datetime.UTC)


@pytest.fixture(scope="module")
def listens() -> pa.Table:
    """Some hundred plays: history rows with up to three versions, seen on any day, some from after the date."""
    random, rows = np.random.default_rng(7), {}
    for _ in range(150):
        user, day, hour = (int(random.integers(*span)) for span in ((1, 9), (1, 8), (0, 3)))
        for version in range(int(random.integers(1, 4))):
            seen = datetime.date(2024, 3, min(9, day + int(random.integers(0, 3))))
            for position in range(int(random.integers(1, 4))):
                listened, updated = moment(day, hour * 11), moment(day, hour * 11 + version % 2)
                rows[user, listened, updated, position] = {
                    "user_id": user,
                    "track_id": int(random.integers(1, 12)),
                    "listened_at": listened,
                    "position": position,
                    "updated_at": updated,
                    "first_seen": seen,
                }
    return pa.Table.from_pylist(list(rows.values()), schema=arrow_schema(LISTENS))


def by_hand(listens: pa.Table) -> list[tuple]:
    """user_id, listened_at, position and track_id of the plays that stand at the end of the date."""
    end = moment(DATE.day + 1, 0)
    known = [row for row in listens.to_pylist() if row["first_seen"] <= DATE and row["listened_at"] < end]
    newest: dict[tuple, datetime.datetime] = {}
    for row in known:
        key = row["user_id"], row["listened_at"]
        newest[key] = max(newest.get(key, row["updated_at"]), row["updated_at"])
    return sorted(
        (row["user_id"], row["listened_at"], row["position"], row["track_id"])
        for row in known
        if row["updated_at"] == newest[row["user_id"], row["listened_at"]]
    )


def counted_by_hand(listens: pa.Table) -> list[tuple[int, int, int]]:
    """track_id, recent and ever, most popular first."""
    recent, ever = collections.Counter[int](), collections.Counter[int]()
    for _, listened_at, _, track in by_hand(listens):
        ever[track] += 1
        recent[track] += listened_at >= moment(DATE.day - DAYS + 1, 0)
    return sorted(((track, recent[track], ever[track]) for track in ever), key=lambda one: (-one[1], -one[2], one[0]))


def rows_of(table: pa.Table) -> list[tuple]:
    return [tuple(row.values()) for row in table.to_pylist()]


@pytest.fixture(scope="module", params=[pytest.param("spark", marks=pytest.mark.slow), "datafusion"])
def engine(request, listens, tmp_path_factory):
    """Answers a query over ``listens``."""
    path = str(tmp_path_factory.mktemp("listens") / "table")
    write_deltalake(path, listens)
    if request.param == "datafusion":
        return lambda text: rows_of(by_datafusion(open_path(path), text.replace("LISTENS", "stored")))
    spark = request.getfixturevalue("spark")
    frame = spark.read.format("delta").load(path)
    return lambda text: rows_of(spark.sql(text.replace("LISTENS", "{listens}"), listens=frame).toArrow())


def test_the_latest_version_that_was_known_by_the_date_holds(engine, listens):
    found = engine(f"{current_plays('LISTENS', COLUMNS, known_by(DATE))} ORDER BY user_id, listened_at, position")
    assert found == by_hand(listens)


def test_popularity_is_of_the_last_days_first_and_of_all_time_then(engine, listens):
    plays = current_plays("LISTENS", where=known_by(DATE))
    found = engine(f"{play_counts(f'({plays}) AS plays', DATE, DAYS)} ORDER BY {MOST_POPULAR_FIRST}")
    assert found == counted_by_hand(listens)
    assert len({one[1] for one in found}) < len(found)  # there are ties to tell apart
