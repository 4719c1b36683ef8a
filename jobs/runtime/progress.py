"""How far a job is, for whoever watches: a line on its log that the step reads (``tasks/observe/job_output.py``).

``… progress: 40 solving users, iteration 4 of 10``: percent of the whole job, and what it is at.
"""

import contextlib
import logging
from collections.abc import Iterator

log = logging.getLogger("progress")

_part = [(0.0, 1.0)]  # of the job, that is being worked on; the innermost last


def progress(share: float, text: str) -> None:
    """``share``, from 0 to 1, of the part that is being worked on, is done; ``text`` says what comes now."""
    low, high = _part[-1]
    log.info("%.0f %s", 100 * (low + (high - low) * min(max(share, 0.0), 1.0)), text)


@contextlib.contextmanager
def part(low: float, high: float) -> Iterator[None]:
    """What is told within is of this part of the job: a solver need not know what comes before and after it."""
    start, end = _part[-1]
    _part.append((start + (end - start) * low, start + (end - start) * high))
    try:
        yield
    finally:
        _part.pop()
