"""Where things lie under ``[lake] root``. Every path is spelt here and nowhere else.

What a run needs again on whatever machine is under the root, be it a folder or a bucket; logs, locks and what waits to
be written are this machine's, and lie under the root where that is a folder.
"""

import datetime
import os
import pathlib
import re

from conf.errors import Refused
from lake.storage import is_url, local_name, place

MANIFEST = "_manifest.json"
SPARK_EVENTS = "moovitamix-spark-events"  # folders of Spark's logs of events that are ours to remove
REPORT_HEAD = 2000  # bytes in which a report says what made it


def machine_folder(root: str | os.PathLike) -> pathlib.Path:
    """Where this machine's own files lie: under the root, or in the account's state folder where the root is a bucket."""
    return state_folder() / "lakes" / local_name(root) if is_url(root) else pathlib.Path(root)


def growing_folder(folder: pathlib.Path) -> pathlib.Path:
    """Where a raw folder grows, and its lock: beside it, or on this machine where it goes to a bucket."""
    if is_url(folder):
        return state_folder() / "fetching" / local_name(folder.parent)
    return folder.parent


def raw_folder(root: str | os.PathLike, entity: str, date: datetime.date) -> pathlib.Path:
    """Folder of one entity's snapshot: ``part-*.jsonl.gz`` and the manifest."""
    return place(root) / "raw" / entity / f"date={date.isoformat()}"


def table_folder(root: str | os.PathLike, table: str) -> pathlib.Path:
    return place(root) / table


def table_path(root: str | os.PathLike, table: str) -> str:
    """The table as Spark and ``deltalake`` name it."""
    return str(table_folder(root, table).absolute())


def report_file(root: str | os.PathLike, date: datetime.date, partial: bool = False) -> pathlib.Path:
    """The date's report; that of a day that is not over has a name of its own."""
    return place(root) / "reports" / f"{date.isoformat()}{'.partial' if partial else ''}.html"


def index_file(root: str | os.PathLike) -> pathlib.Path:
    """The page that lists all days' reports."""
    return place(root) / "reports" / "index.html"


def report_revision(path: pathlib.Path) -> int:
    """The revision that a report was made by, as its head says; -1 where there is no report."""
    if not path.exists():
        return -1
    with path.open("rb") as file:
        head = file.read(REPORT_HEAD)
    found = re.search(rb'<meta name="revision" content="(\d+)">', head)
    return int(found.group(1)) if found else 1


def schema_file(root: str | os.PathLike) -> pathlib.Path:
    """Says which version of our table schemas the lake has."""
    return place(root) / "_schema.json"


def sums_file(root: str | os.PathLike, table: str) -> pathlib.Path:
    """SHA-256 of a table's files."""
    return place(root) / "_sums" / f"{table}.json"


def spool_folder(root: str | os.PathLike) -> pathlib.Path:
    """JSON lines of the run ledger that are not in the table yet."""
    return machine_folder(root) / "_spool"


def model_folder(root: str | os.PathLike, version: str) -> pathlib.Path:
    """The lake's own copy of a registered model: serving a day needs no registry."""
    return place(root) / "models" / f"version={version}"


def challenger_folder(root: str | os.PathLike, date: datetime.date) -> pathlib.Path:
    """The model that a date's training tested, fitted without the holdout."""
    return place(root) / "models" / f"challenger={date.isoformat()}"


def logs_folder(root: str | os.PathLike) -> pathlib.Path:
    return machine_folder(root) / "logs"


def daily_log(root: str | os.PathLike, date: datetime.date) -> pathlib.Path:
    """What the nightly run of a date said, step by step."""
    return logs_folder(root) / f"daily-{date.isoformat()}.log"


def lock_file(root: str | os.PathLike) -> pathlib.Path:
    """Held by the nightly run, so that two never run."""
    return machine_folder(root) / ".daily.lock"


def log_file(root: str | os.PathLike, date: datetime.date, task: str) -> pathlib.Path:
    """Everything that a step's job printed."""
    return logs_folder(root) / date.isoformat() / f"{task}.log"


def day_log(root: str | os.PathLike, date: datetime.date, format: str = "text") -> pathlib.Path:
    """What all steps of a date said, in order of time: lines of text, or JSON lines."""
    return logs_folder(root) / date.isoformat() / ("day.jsonl" if format == "json" else "day.log")


def mail_memory(root: str | os.PathLike) -> pathlib.Path:
    """JSON lines of the mails that were sent, so that none is sent twice."""
    return machine_folder(root) / "_mails.jsonl"


def suppression_file(root: str | os.PathLike) -> pathlib.Path:
    """Keyed hashes of the users who asked to be forgotten."""
    return place(root) / "_suppressed.json"


def forgetting_file(root: str | os.PathLike) -> pathlib.Path:
    """Whom ``make forget`` is removing, until it has."""
    return place(root) / "_forgetting.json"


def forgotten_file(root: str | os.PathLike) -> pathlib.Path:
    """JSON lines: what was removed for each request, without naming the user."""
    return place(root) / "_forgotten.jsonl"


def state_folder() -> pathlib.Path:
    """What this machine keeps between two times, out of the project (XDG Base Directory Specification).

    Raises:
        Refused: neither variable says where, nor does the list of users.
    """
    base = os.environ.get("XDG_STATE_HOME", "")
    if not os.path.isabs(base):  # as the specification asks
        base = os.path.expanduser("~/.local/state")
    if not os.path.isabs(base):
        raise Refused("no home folder is known, where this machine's state goes; set HOME or XDG_STATE_HOME")
    return pathlib.Path(base) / "moovitamix"
