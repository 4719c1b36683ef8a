"""Which version of our table schemas a lake has."""

import json

from conf.errors import Refused
from conf.tables import SCHEMA, TABLES
from lake import files
from lake.delta import is_table
from lake.layout import schema_file


def schema_of(root: str) -> int:
    """The version of a lake's tables; a lake that does not say is of 1, an empty one is of ours."""
    try:
        return int(json.loads(files.read(schema_file(root)))["version"])
    except FileNotFoundError:
        return 1 if any(is_table(root, name) for name in TABLES) else SCHEMA


def write_schema(root: str, version: int) -> None:
    """Say which version the lake has."""
    files.write(schema_file(root), (json.dumps({"version": version}) + "\n").encode())


def require_schema(root: str) -> None:
    """
    Raises:
        Refused: the lake's tables are of another schema than this code's.
    """
    found = schema_of(root)
    if found < SCHEMA:
        raise Refused(
            f"{root}: its tables are of schema {found}, this version needs {SCHEMA}; "
            f"run python -m jobs migrate --lake-root {root}"
        )
    if found > SCHEMA:
        raise Refused(f"{root}: its tables are of schema {found}, newer than this version's {SCHEMA}; update the code")
