"""Changes of our own table schemas, one module each: ``v2`` brings a lake of schema 1 to schema 2.

A migration may be killed and run again: the lake says which schema it has only when a step is over.
"""

from collections.abc import Callable

from conf.errors import Refused
from conf.tables import SCHEMA
from jobs.runtime.command import Job
from jobs.upkeep.migrations import v2, v3, v4
from lake.access import Lake
from lake.layout import schema_file
from lake.schema_version import schema_of, write_schema

STEPS: dict[int, Callable[[Lake, Job], None]] = {2: v2.migrate, 3: v3.migrate, 4: v4.migrate}


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
        STEPS[step](lake, job)
        write_schema(lake.root, step)
    return taken
