"""How long the API asks to wait: ``Retry-After``, in whatever form it comes."""

import calendar
import email.utils
import re
import time
from collections.abc import Iterable

LONGEST = 86_400.0  # seconds, the most that a deadline can be: whoever asks for more has a broken clock
SECONDS = re.compile(r"\+?\d{1,12}(\.\d{0,12})?", re.ASCII)
LONGEST_TEXT = 64  # characters of a date


def wanted_wait(values: Iterable[str], sent: str | None) -> float:
    """Seconds to wait: the most that one of the headers asks for, 0 where none makes sense.

    ``sent`` is the answer's ``Date``: what counts is how long after it a date lies, since clocks differ.
    """
    waits = [_seconds(value.strip(), sent) for value in values]
    return max((wait for wait in waits if 0 <= wait <= LONGEST), default=0.0)


def _seconds(value: str, sent: str | None) -> float:
    if SECONDS.fullmatch(value):
        return float(value)
    until = _moment(value)
    if until is None:
        return 0.0
    now = _moment((sent or "").strip())
    return until - (time.time() if now is None else now)


def _moment(date: str) -> float | None:
    """A date of HTTP in any of its three forms as seconds since 1970; None where it is none."""
    try:
        found = email.utils.parsedate_tz(date[:LONGEST_TEXT])
        return calendar.timegm(found[:6]) - (found[9] or 0) if found else None
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
