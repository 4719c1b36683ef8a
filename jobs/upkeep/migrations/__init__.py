"""Changes of our own table schemas. ``v2`` brings a lake of schema 1 to schema 2; a step without a module only adds columns.

A migration may be killed and run again: the lake says which schema it has only when a step is over.
"""

from collections.abc import Callable

from conf.errors import Refused
from conf.tables import SCHEMA
from jobs.runtime.command import Job
from jobs.upkeep.migrations import new_columns, v2, v4
from lake.access import Lake
from lake.layout import schema_file
from lake.schema_version import schema_of, write_schema

STEPS: dict[int, Callable[[Lake, Job], None]] = {2: v2.migrate, 4: v4.migrate}


def migrate(lake: Lake, job: Job) -> list[int]:
    """Bring the lake to the schema of this code; returns the steps that were taken.

    Raises:
        Refused: the lake's schema is newer than this code.
    """
    found = schema_of(lake.root)
    if found > SCHEMA:
        raise Refused(f"{schema_file(lake.root)}: schema {found} is newer than this code's, {SCHEMA}; update the code")
    taken = list(range(found + 1, SCHEMA + 1))
    for step in taken:
        STEPS.get(step, new_columns.migrate)(lake, job)
        write_schema(lake.root, step)
    return taken
