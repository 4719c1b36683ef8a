"""``runs`` gets what Spark says of a step (task time, shuffle, spill), and the fetch's retries and torn snapshots.

Only the table's schema changes: in rows of before the new columns are null.
"""

from conf.tables import TABLES
from jobs.runtime.command import Job
from lake.access import Lake
from lake.delta import fields_of


def migrate(lake: Lake, _job: Job) -> None:
    table = lake.open("runs")
    if not table:
        return
    there = {field.name for field in table.schema().fields}
    new = [field for field in fields_of(TABLES["runs"]) if field.name not in there]
    if new:
        table.alter.add_columns(new)
