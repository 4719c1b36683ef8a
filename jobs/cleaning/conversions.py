"""From a value as served to what the table holds, as Spark columns; null where it does not have the form for certain.

The forms, and the same conversions in Python: :mod:`jobs.cleaning.forms`. What is unusual there is null here.
"""

from collections.abc import Sequence

from pyspark.sql import Column
from pyspark.sql import functions as F

from jobs.cleaning import forms, zones
from jobs.cleaning.forms import Context

YEARS = ("0001-01-01 00:00:00", "9999-12-31 23:59:59.999999")
ZONE = r"Z|[+-]\d{2}:?\d{2}"
USUAL = rf"(?!0000)\d{{4}}-\d{{2}}-\d{{2}}[T ]\d{{2}}:\d{{2}}:\d{{2}}(?:\.\d+)?(?:{ZONE})?"
SECOND = 1_000_000  # microseconds


def timestamp(text: Column, context: Context) -> Column:
    """ISO 8601 to UTC, digits past the microsecond cut off; a stamp without a zone is of the context's."""
    read = text.try_cast("timestamp")  # in the session's zone, which is UTC
    # An offset can carry a moment out of the years that Python and Delta's readers know.
    first, last = (F.lit(limit).cast("timestamp") for limit in YEARS)
    moment = F.when(read.between(first, last), read)
    if context.timezone != "UTC":
        moment = F.when(text.rlike(rf"(?:{ZONE})\z"), moment).otherwise(local(read, context))
    return F.when(text.rlike(whole(USUAL)), moment)


def local(shown: Column, context: Context) -> Column:
    """What clocks of the context's zone showed, to UTC; null where it is too long ago, or past the fetch.

    The offsets are Python's, as in :mod:`jobs.cleaning.forms`: Java has another edition of the zones.
    """
    periods = zones.periods(context.timezone, context.fetched_at)
    # A function over an array of one names the clock: written out, it would stand in the plan once a comparison.
    clocks = F.array(F.unix_micros(shown))
    return F.get(F.transform(clocks, lambda clock: F.timestamp_micros(clock - _offset(clock, periods))), F.lit(0))


def _offset(clock: Column, periods: Sequence[zones.Period]) -> Column:
    """The period's offset in microseconds, by halves: each row is compared a few times."""
    if len(periods) == 1:
        found = periods[0].offset
        return F.lit(None if found is None else found * SECOND).cast("bigint")
    middle = len(periods) // 2
    before, after = (_offset(clock, half) for half in (periods[:middle], periods[middle:]))
    return F.when(clock < periods[middle].begin * SECOND, before).otherwise(after)


def duration(text: Column, context: Context) -> Column:
    """``MM:SS`` to seconds."""
    pattern = whole(forms.DURATION)
    minutes, seconds = (F.regexp_extract(text, pattern, group).cast("int") for group in (1, 2))
    return F.when(text.rlike(pattern), minutes * 60 + seconds)


def email(text: Column, context: Context) -> Column:
    return F.when(text.rlike(whole(forms.EMAIL)), text)


def after_fetch(moment: Column, context: Context) -> Column:
    return moment > F.lit(context.fetched_at)


def whole(pattern: str) -> str:
    """The pattern for all of a text: Java's ``$`` would let a line break stand behind it."""
    return rf"\A(?:{pattern})\z"
