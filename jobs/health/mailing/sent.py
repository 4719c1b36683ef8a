"""Which mails were sent: a JSON line each, beside the tables, so that the same is not said twice."""

import datetime
import json
from typing import NamedTuple

from lake.layout import mail_memory


class Mailed(NamedTuple):
    """``outcome`` is what the mail was about: ``done 1`` (the revision), ``failed CleanTracks``."""

    date: str
    kind: str  # day or week
    outcome: str


def read(root: str) -> set[Mailed]:
    """All that were sent; a line that was cut off is passed over."""
    try:
        lines = mail_memory(root).read_text().splitlines()
    except FileNotFoundError:
        return set()
    found = set()
    for line in lines:
        try:
            entry = json.loads(line)
            found.add(Mailed(entry["date"], entry["kind"], entry["outcome"]))
        except (json.JSONDecodeError, KeyError, TypeError):
            continue
    return found


def add(root: str, mailed: Mailed, recipients: int) -> None:
    file = mail_memory(root)
    file.parent.mkdir(parents=True, exist_ok=True)
    sent_at = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    with file.open("a") as memory:
        memory.write(json.dumps({**mailed._asdict(), "sent_at": sent_at, "recipients": recipients}) + "\n")
