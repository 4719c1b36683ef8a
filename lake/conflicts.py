"""Commits that another writer may get in the way of."""

import time
from collections.abc import Callable

from deltalake.exceptions import CommitFailedError

ATTEMPTS = 6
SIGNS = ("ConcurrentTransaction", "ConcurrentAppend", "ConcurrentDelete", "ConcurrentWrite", "DELTA_CONCURRENT")


def persistently(write: Callable[[], object], is_done: Callable[[], bool]) -> None:
    """Write; when another writer was first, ask whether the work is done by now, else try again."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            write()
            return
        except Exception as error:
            if not is_conflict(error):
                raise
            if is_done():
                return
            if attempt == ATTEMPTS:
                raise
            time.sleep(0.2 * 2**attempt)


def is_conflict(error: Exception) -> bool:
    """Whether another commit came between reading and writing, as ``deltalake`` or Spark says it."""
    return isinstance(error, CommitFailedError) or any(sign in str(error) for sign in SIGNS)
