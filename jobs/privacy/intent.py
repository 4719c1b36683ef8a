"""What ``make forget`` has set out to do, until it is done: the one file that still says who, and it goes at the end."""

import dataclasses
import json
from typing import Any

from jobs.privacy.person import Person
from lake import files
from lake.layout import forgetting_file, forgotten_file

Counts = dict[str, int]  # rows, files or other things found, by place


@dataclasses.dataclass(frozen=True)
class Intent:
    """``id`` names this piece of work; ``hash`` is the user's on the suppression list.

    ``accounts`` are the moves of each row of the accounting: date, entity, moves, reasons. ``found`` counts what there
    was, by place.
    """

    id: str
    begun_at: str
    hash: str
    person: Person
    list_before: str
    accounts: list[dict[str, Any]]
    found: Counts


def save(root: str, intent: Intent) -> None:
    text = json.dumps(dataclasses.asdict(intent), indent=1) + "\n"
    files.write(forgetting_file(root), text.encode(), private=True)


def read(root: str) -> Intent | None:
    """What a run that was killed had set out to do."""
    try:
        values = json.loads(files.read(forgetting_file(root)))
    except FileNotFoundError:
        return None
    person = values["person"]
    return Intent(**{**values, "person": Person(person["user_id"], tuple(person["texts"]))})


def finish(root: str, intent: Intent, done_at: str, left: Counts) -> None:
    """Add to the record what was removed, and forget whom it was of; once, though it is called again."""
    path = forgotten_file(root)
    lines = path.read_text().splitlines() if path.exists() else []
    entry = {
        "id": intent.id,
        "begun_at": intent.begun_at,
        "done_at": done_at,
        "hash": intent.hash,
        "found": intent.found,
        "left": left,
    }
    if not any(json.loads(line)["id"] == intent.id for line in lines):
        files.write(path, ("\n".join([*lines, json.dumps(entry)]) + "\n").encode(), private=True)
    forgetting_file(root).unlink(missing_ok=True)
