"""``accounting`` gets ``reasons``: how many rows of the date and entity break each rule, from ``quarantine``."""

import collections
import json

import pyarrow as pa

from conf.tables import TABLES
from jobs.runtime.command import Job
from lake.access import Lake
from lake.delta import arrow_schema, overwrite


def migrate(lake: Lake, _job: Job) -> None:
    if not lake.open("accounting"):
        return
    names = [name for name in TABLES["accounting"].names if name != "reasons"]
    counts = broken(lake)
    rows = [
        {**row, "reasons": json.dumps(counts.get((row["date"], row["entity"]), {}))}
        for row in lake.rows("accounting", columns=names)
    ]
    accounting = TABLES["accounting"]
    overwrite(lake.root, accounting, pa.Table.from_pylist(rows, schema=arrow_schema(accounting)))


def broken(lake: Lake) -> dict[tuple, dict[str, int]]:
    """By date and entity, how many rows break each rule, most first."""
    found: dict[tuple, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for row in lake.rows("quarantine", columns=["date", "entity", "reasons"]):
        found[row["date"], row["entity"]].update(row["reasons"])
    return {key: dict(sorted(counter.items(), key=lambda item: (-item[1], item[0]))) for key, counter in found.items()}
