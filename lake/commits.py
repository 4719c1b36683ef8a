"""What tasks ask of the lake: whether a part is committed, and what was decided. Milliseconds, and no JVM.

``deltalake`` refuses to work in a process forked from one that has used it, as Luigi's workers are where
there are several; there the question is asked in a process of its own.
"""

import datetime
import functools
import json
import os
import subprocess
import sys
from collections.abc import Callable

from conf import sql_text
from conf.tables import marker
from lake import delta
from lake.layout import table_path

_user: list[int] = []  # the process that has used deltalake first


def _survives_fork(function: Callable) -> Callable:
    @functools.wraps(function)
    def ask(*args: str) -> object:
        if not _user:
            _user.append(os.getpid())
        if _user[0] == os.getpid():
            return function(*args)
        command = [sys.executable, "-m", __name__, function.__name__, *args]
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    return ask


@_survives_fork
def _versions(table: str, *app_ids: str) -> list[int]:
    """The versions of markers in the table at a path, opened once; -1 where one does not stand."""
    opened = delta.open_path(table)
    if not opened:
        return [-1] * len(app_ids)
    versions = [opened.transaction_version(app_id) for app_id in app_ids]
    return [-1 if version is None else int(version) for version in versions]


def marker_version(table: str, app_id: str) -> int:
    """The version of a marker in the table at a path; -1 where it does not stand."""
    return _versions(table, app_id)[0]


@_survives_fork
def _decision(table: str, date: str, step: str) -> str:
    opened, filters = delta.open_path(table), [("date", "=", datetime.date.fromisoformat(date)), ("step", "=", step)]
    if not opened:
        return ""
    found = delta.query(opened, f"SELECT decision FROM stored{sql_text.where(filters)}")  # noqa: S608 - values are quoted
    return str(found["decision"][0].as_py()) if len(found) else ""


@_survives_fork
def _accounted(table: str) -> list[list]:
    """date, revision and snapshot_date of each row of accounting; of none where there is no such table."""
    opened = delta.open_path(table)
    if not opened:
        return []
    found = delta.query(opened, "SELECT date, revision, snapshot_date FROM stored")
    columns = [found[name].to_pylist() for name in ("date", "revision", "snapshot_date")]
    return [[str(date), revision, str(snapshot)] for date, revision, snapshot in zip(*columns, strict=True)]


def accounted(root: str) -> dict[datetime.date, int]:
    """The dates that have been cleaned, in order, and the highest revision of each."""
    found: dict[datetime.date, int] = {}
    for date, revision, _ in sorted(_accounted(table_path(root, "accounting"))):
        found[datetime.date.fromisoformat(date)] = revision
    return found


def snapshot_date(root: str, date: datetime.date) -> datetime.date | None:
    """The date whose raw folders a date was cleaned from."""
    rows = _accounted(table_path(root, "accounting"))
    used = [snapshot for day, _, snapshot in rows if day == str(date)]
    return datetime.date.fromisoformat(max(used)) if used else None


def committed_dates(root: str, table: str, task: str, dates: list[datetime.date], revision: int) -> set[datetime.date]:
    """Of the dates those for which :func:`committed` holds, with the table opened once."""
    versions = _versions(table_path(root, table), *[marker(table, task, date) for date in dates])
    return {date for date, version in zip(dates, versions, strict=True) if version >= revision}


def listed_dates(root: str) -> set[datetime.date]:
    """The dates, over or not, whose lists are done: also where nobody was there to get one."""
    return committed_dates(root, "recommendations", "Recommend", sorted(accounted(root)), 0)


def committed(root: str, table: str, task: str, date: datetime.date, revision: int) -> bool:
    """Whether the task has committed its part of the table for the date, in this revision or a later one."""
    return marker_version(table_path(root, table), marker(table, task, date)) >= revision


def decision(root: str, date: datetime.date, step: str) -> str:
    """What a date's step decided; empty where it has no row."""
    return _decision(table_path(root, "decisions"), date.isoformat(), step)


if __name__ == "__main__":
    asked = {function.__name__: function for function in (_versions, _decision, _accounted)}[sys.argv[1]]
    print(json.dumps(asked(*sys.argv[2:])))
