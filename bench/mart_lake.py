"""A lake of two days for the bench of publishing: the second has lists for many users."""

import datetime
import itertools
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from conf.tables import TABLES, marker
from lake.access import Lake
from lake.delta import arrow_schema

FIRST = datetime.date(2024, 3, 1)
SECOND = datetime.date(2024, 3, 2)
TRACKS, K, BLOCK = 100_000, 20, 10_000


def write(root: str, users: int, plays: int, k: int = K) -> None:
    """Lists are of ``k`` tracks; ``plays`` are those of the second day; the first has twice as many, and lists for a hundred users."""
    lake, random = Lake(root), np.random.default_rng(1)
    for table, count in (("tracks", TRACKS), ("users", users)):
        lake.append_rows(people_or_tracks(table, count), table, f"{table}/Clean/{SECOND}")
    numbers = itertools.count()
    for date, count, listed in ((FIRST, 2 * plays, 100), (SECOND, plays, users)):
        heard = [listens(date, count, users, random, numbers)]
        lake.replace_batches(
            lambda heard=heard: iter(heard), "listens", f"listens/CleanListens/{date}", first_seen=date
        )
        row = {"date": date, "entity": "listen_history", "revision": 1, "snapshot_date": date, "reasons": "{}"}
        lake.replace_rows([row], "accounting", f"accounting/CleanListens/{date}", date=date)
        name = marker("recommendations", "Recommend", date)
        lake.replace_batches(
            lambda date=date, listed=listed: lists(date, listed, random, k), "recommendations", name, date=date
        )


def people_or_tracks(table: str, count: int) -> Iterator[dict]:
    key = TABLES[table].key[0]
    seen = {"first_seen": FIRST, "last_seen": SECOND}
    for number in range(count):
        texts = (
            {}
            if table == "users"
            else {"name": f"Track {number}", "artist": f"Artist {number % 5000}", "duration_s": 200}
        )
        yield {key: number, **texts, **seen}


def listens(
    date: datetime.date, count: int, users: int, random: np.random.Generator, numbers: Iterator[int]
) -> pa.RecordBatch:
    """Plays at moments of their own."""
    start = np.datetime64(date, "us").astype(np.int64)
    moments = start + np.sort(random.choice(86_000_000, count, replace=False)) * 1000
    stamp = pa.array(moments, pa.timestamp("us", "UTC"))
    columns = [
        random.integers(0, users, count),
        random.integers(0, TRACKS, count),
        stamp,
        np.zeros(count, np.int32),
        stamp,
        np.full(count, np.datetime64(date)),
    ]
    return pa.record_batch(columns, schema=arrow_schema(TABLES["listens"]))


def lists(date: datetime.date, users: int, random: np.random.Generator, k: int = K) -> Iterator[pa.RecordBatch]:
    """``k`` distinct enough tracks a user, each with three that it stands on."""
    for first in range(0, users, BLOCK):
        people = np.repeat(np.arange(first, min(first + BLOCK, users)), k)
        count = len(people)
        because = pa.ListArray.from_arrays(
            np.arange(0, 3 * count + 1, 3, dtype=np.int32), random.integers(0, TRACKS, 3 * count)
        )
        columns = [
            np.full(count, np.datetime64(date)),
            people,
            np.tile(np.arange(1, k + 1, dtype=np.int32), count // k),
            random.integers(0, TRACKS, count),
            random.random(count).astype(np.float32),
            pa.array(["als"] * count),
            because,
            pa.array([""] * count),
        ]
        yield pa.record_batch(columns, schema=arrow_schema(TABLES["recommendations"]))
