"""On how many nights running a step has failed with the same cause, from the rows of ``runs``.

A night is a day (UTC) on which attempts began, and those on which none did are left out: a machine may be off. Which
date the step was of does not matter, since a missed day shares the fetch of the last one.
"""

import datetime
import re
from collections.abc import Iterable, Mapping
from typing import Any

from lake.access import Lake

MAIL = "Notify"  # the name of mailing in ``runs``
NIGHTS = 3  # from here on a cause does not go away by itself
LOOK_BACK = datetime.timedelta(days=14)

Attempt = Mapping[str, Any]  # a row of ``runs``
COLUMNS = ["date", "task", "status", "started_at", "error"]


def attempts(lake: Lake) -> list[dict[str, Any]]:
    """What was tried of late."""
    since = datetime.datetime.now(datetime.UTC) - LOOK_BACK
    return lake.rows("runs", [("started_at", ">=", since)], COLUMNS)


def unended(runs: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Attempts that failed or were killed. That a mail was not sent is not the day's fault."""
    return [run for run in runs if run["status"] != "done" and run["task"] != MAIL]


def nights(tried: Iterable[Attempt], failure: Attempt) -> int:
    """On how many nights running, counted back from the last, the step of ``failure`` ended with its cause."""
    last: dict[tuple[datetime.date, datetime.date], Attempt] = {}
    for attempt in sorted((it for it in tried if it["started_at"]), key=lambda it: it["started_at"]):
        if attempt["task"] == failure["task"]:
            last[attempt["started_at"].date(), attempt["date"]] = attempt
    failed = {night for (night, _), it in last.items() if it["status"] != "done" and cause(it) == cause(failure)}
    count = 0
    for night in sorted({night for night, _ in last}, reverse=True):
        if night not in failed:
            break
        count += 1
    return count


def cause(failure: Attempt) -> str:
    """The error without what differs from night to night: numbers, dates, where the log lies."""
    text = (failure["error"] or failure["status"]).partition(" (log: ")[0].partition(" after: ")[0]
    return re.sub(r"[0-9a-f]*\d[0-9a-f]*", "#", text)


def again(tried: Iterable[Attempt], failure: Attempt) -> str:
    """That it is the same night after night, in words; empty where it is not, or not yet."""
    count = nights(tried, failure)
    return f"the same on {count} nights running" if count >= NIGHTS else ""
