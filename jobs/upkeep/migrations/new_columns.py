"""Columns that were declared after a lake's tables were made: in older rows they are null."""

from conf.tables import TABLES
from jobs.runtime.command import Job
from lake.access import Lake
from lake.delta import fields_of


def migrate(lake: Lake, _job: Job) -> None:
    for name, declared in TABLES.items():
        table = lake.open(name)
        if not table:
            continue
        there = {field.name for field in table.schema().fields}
        new = [field for field in fields_of(declared) if field.name not in there]
        if new:
            table.alter.add_columns(new)
