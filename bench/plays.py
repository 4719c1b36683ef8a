"""Synthetic plays in a table of ``listens``, for the series about ALS."""

import datetime

import numpy as np
import pyarrow as pa
from deltalake import write_deltalake

from bench.bench_als import synthetic
from conf.tables import TABLES
from jobs.model.solvers.csr import PackedPairs
from lake.access import Lake
from lake.delta import arrow_schema

PAIRS_OF_A_USER, PAIRS_OF_A_TRACK = 88, 177  # as in 8.83 million pairs of 100,000 users and 50,000 tracks
DATE = datetime.date(2024, 3, 1)


def shaped(pairs: int) -> PackedPairs:
    """So many pairs, of as many users and tracks as go with them."""
    return synthetic(pairs, max(100, pairs // PAIRS_OF_A_USER), max(100, pairs // PAIRS_OF_A_TRACK))


def write_plays(lake: Lake, packed: PackedPairs) -> int:
    """The plays of the pairs, as many of each as it weighs, in ``listens``; how many these are."""
    pairs = packed.weights.tocoo()
    times = pairs.data.astype(np.int64)
    users, tracks = np.repeat(packed.user_ids[pairs.row], times), np.repeat(packed.track_ids[pairs.col], times)
    nth = np.arange(len(users)) - np.searchsorted(users, users)  # of a user's plays, one a minute
    stamps = pa.array((np.datetime64(DATE) - (nth + 1).astype("timedelta64[m]")).astype("datetime64[us]"))
    stamps = stamps.cast(pa.timestamp("us", "UTC"))
    columns = {
        "user_id": users,
        "track_id": tracks,
        "listened_at": stamps,
        "position": np.zeros(len(users), np.int32),
        "updated_at": stamps,
        "first_seen": pa.array(np.full(len(users), np.datetime64(DATE))),
    }
    write_deltalake(lake.ensure("listens"), pa.table(columns, schema=arrow_schema(TABLES["listens"])), mode="append")
    return len(users)
