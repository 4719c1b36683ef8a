"""Bring a lake that an older version wrote to the table schemas of this one. Nothing is lost; again does nothing.

python -m jobs migrate --lake-root data/lake
"""

import argparse

from conf.settings import add_flags, from_flags
from conf.tables import SCHEMA
from jobs.upkeep.migrations import migrate
from lake.access import Lake

if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_flags(arguments, "lake")
    root = from_flags(arguments.parse_args()).lake.root
    taken = migrate(Lake(root, any_schema=True))
    print(
        f"{root}: {'migrated by ' + ', '.join(f'v{step}' for step in taken) if taken else f'is of schema {SCHEMA} already'}"
    )
