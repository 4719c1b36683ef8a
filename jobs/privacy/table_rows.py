"""The tables of the lake: rows out of the newest version, and the versions and log entries that still held them."""

import pathlib
import re

from conf.contract import ENTITIES
from conf.tables import TABLES, marker
from jobs.privacy.plan import is_theirs
from lake.access import Lake
from lake.layout import table_folder
from lake.suppression import FIELDS

# What is served goes first.
BY_ID = tuple(dict.fromkeys(name for name in ("recommendations", *TABLES) if "user_id" in TABLES[name].names))
TOUCHED = (*BY_ID, "quarantine")
NUMBER = re.compile(r"\.?(\d{20})\.")  # of the version that a file of the log belongs to


def remove(lake: Lake, user_id: int) -> None:
    for name in BY_ID:
        if lake.count(name, [("user_id", "=", user_id)]):
            lake.delete(name, ("user_id", "=", user_id))
    for row in quarantined(lake, user_id):
        same = [(name, "=", row[name]) for name in ("date", "entity", "row")]
        lake.delete("quarantine", *same)


def quarantined(lake: Lake, user_id: int) -> list[dict]:
    """Rows of quarantine that name the id, however it is spelt: each is read, since 17 may stand there as 1.7e1."""
    return [
        row
        for batch in lake.batches("quarantine", [("entity", "in", list(FIELDS))])
        for row in batch.to_pylist()
        if is_theirs(ENTITIES[row["entity"]], row["row"], user_id)
    ]


def purge(lake: Lake, id: str) -> None:
    """Leave of each table its newest version alone: no file on disk holds what was deleted.

    Delta keeps files of older versions for a week at least, so that readers and time travel find them: here that is
    what must not be, and nobody else is at work, so the check is overridden. Its log repeats the least and greatest
    value of each column, and the predicate of each deletion; a checkpoint stands in for all of it.
    """
    for name in TOUCHED:
        table = lake.open(name)
        if table:
            table.vacuum(0, dry_run=False, enforce_retention_duration=False, full=True)
            lake.mark(name, marker(name, "Forget", id))
            newest = lake.opened(name)
            newest.create_checkpoint()
            shorten(table_folder(lake.root, name) / "_delta_log", newest.version())


def shorten(log: pathlib.Path, version: int) -> None:
    """Remove what the log says of versions before ``version``, of which there is a checkpoint."""
    for file in log.iterdir():
        found = NUMBER.match(file.name)
        if found and int(found.group(1)) < version:
            file.unlink()
