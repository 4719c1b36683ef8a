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

from deltalake import DeltaTable, QueryBuilder
from deltalake.exceptions import TableNotFoundError

from conf.layout import table_folder
from conf.tables import marker

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
def marker_version(table: str, app_id: str) -> int:
    """The version of a marker in the table at a path; -1 where it does not stand."""
    try:
        version = DeltaTable(table).transaction_version(app_id)
    except TableNotFoundError:
        return -1
    return -1 if version is None else int(version)


@_survives_fork
def _decision(table: str, date: str, step: str) -> str:
    query = f"SELECT decision FROM decisions WHERE date = DATE '{date}' AND step = '{step}'"  # noqa: S608 - no one's text
    found = QueryBuilder().register("decisions", DeltaTable(table)).execute(query).read_all()
    return found["decision"][0].as_py()


def committed(root: str, table: str, task: str, date: datetime.date, revision: int) -> bool:
    """Whether the task has committed its part of the table for the date, in this revision or a later one."""
    return marker_version(str(table_folder(root, table).absolute()), marker(table, task, date)) >= revision


def decision(root: str, date: datetime.date, step: str) -> str:
    """What a date's step decided; its row must be there."""
    return _decision(str(table_folder(root, "decisions").absolute()), date.isoformat(), step)


if __name__ == "__main__":
    asked = {"marker_version": marker_version, "_decision": _decision}[sys.argv[1]]
    print(json.dumps(asked(*sys.argv[2:])))
