"""``runs`` gets what Spark says of a step (task time, shuffle, spill), and the fetch's retries and torn snapshots.

Only the table's schema changes: in rows of before the new columns are null.
"""

from deltalake import Field, Schema

from conf.tables import TABLES
from jobs.lake import Lake, arrow_schema


def migrate(lake: Lake) -> None:
    table = lake.open("runs")
    if not table:
        return
    there = {field.name for field in table.schema().fields}
    comments = {column.name: column.comment for column in TABLES["runs"].columns}
    declared = Schema.from_arrow(arrow_schema(TABLES["runs"])).fields
    new = [
        Field(field.name, field.type, nullable=True, metadata={"comment": comments[field.name]})
        for field in declared
        if field.name not in there
    ]
    if new:
        table.alter.add_columns(new)
