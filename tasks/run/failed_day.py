"""A day of the nightly run that failed: on how many nights running with the same cause."""

import datetime
import socket
from typing import Any

from conf.settings import Settings
from lake import failing
from lake.access import Lake
from lake.storage import absolute
from tasks.observe.attempts import fold, spool, spool_name
from tasks.observe.mail import mail


def nights(settings: Settings, date: datetime.date, began: datetime.datetime, code: int) -> int:
    """How often the cause of what failed since ``began`` has been the same; Luigi ended with ``code``."""
    root = absolute(settings.lake.root)
    failures = _since(root, began)
    if not failures:  # Luigi was killed, or failed before a step of its began: nobody has told of it
        failures = _told(settings, root, date, began, code)
    tried = failing.attempts(Lake(root))
    return max((failing.nights(tried, failure) for failure in failures), default=0)


def _since(root: str, began: datetime.datetime) -> list[dict[str, Any]]:
    rows = Lake(root).rows("runs", [("started_at", ">=", began)], failing.COLUMNS)
    return failing.unended(rows)


def _told(
    settings: Settings, root: str, date: datetime.date, began: datetime.datetime, code: int
) -> list[dict[str, Any]]:
    """Fold what the killed Luigi left; where that is nothing, say of the day that it failed. Then mail."""
    fold(root, settings)
    failures = _since(root, began)
    if not failures:
        _spool(root, date, began, f"Luigi ended with code {code} before a step began")
        fold(root, settings)
        failures = _since(root, began)
    if settings.mail.addresses:
        mail(root, date, settings)
    return failures


def _spool(root: str, date: datetime.date, began: datetime.datetime, error: str) -> None:
    """An attempt of the day as a whole, as Luigi's events would have left it."""
    told = {"date": str(date), "task": "DailyPipeline"}
    begin = {**told, "status": "started", "started_at": began.isoformat(), "host": socket.gethostname()}
    now = datetime.datetime.now(datetime.UTC)
    end = {**told, "status": "failed", "error": error, "seconds": round((now - began).total_seconds(), 3)}
    spool(root, spool_name(), begin, end)
