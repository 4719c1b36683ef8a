"""The forms of a text by kind, and what a text of that form says: pure Python, the same as :mod:`jobs.cleaning.conversions`.

A pattern is one of the whole text, and is read alike by Python (with ``re.ASCII``) and by Spark's Java.
"""

import dataclasses
import datetime
import re
import zoneinfo

# Python and Delta's readers know no year 0.
TIMESTAMP = r"((?!0000)\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,6}))?(Z|[+-]\d{2}:?\d{2})?"
ZONE = r"Z|[+-]\d{2}:?\d{2}"
DURATION = r"(\d{1,4}):([0-5]\d)"
EMAIL = r"[^@\s]+@[^@\s]+\.[^@\s]+"

LARGEST_OFFSET = datetime.timedelta(hours=18)  # that Spark takes


@dataclasses.dataclass(frozen=True)
class Context:
    """What checks need to know of the fetch: when it ended, and what a zone-less stamp means."""

    fetched_at: datetime.datetime
    timezone: str = "UTC"


def timestamp(text: str, context: Context) -> datetime.datetime | None:
    """ISO 8601 to UTC; a stamp without a zone is of the context's.

    Of an hour that clocks show twice the first counts; in an hour that they leave out the zone's time before goes on.
    """
    found = re.fullmatch(TIMESTAMP, text, re.ASCII)
    if not found:
        return None
    *numbers, fraction, zone = found.groups()
    year, month, day, hour, minute, second = map(int, numbers)
    microsecond = int((fraction or "").ljust(6, "0"))
    try:
        tz = offset(zone) if zone else zone_of(context)
        return datetime.datetime(year, month, day, hour, minute, second, microsecond, tz).astimezone(datetime.UTC)
    except (ValueError, OverflowError):  # no such date, hour or offset; or in UTC before year 1 or after 9999
        return None


def zone_of(context: Context) -> datetime.tzinfo:
    return datetime.UTC if context.timezone == "UTC" else zoneinfo.ZoneInfo(context.timezone)


def offset(zone: str) -> datetime.tzinfo:
    """
    Raises:
        ValueError: no clock is so far from UTC.
    """
    if zone == "Z":
        return datetime.UTC
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    distance = datetime.timedelta(hours=hours, minutes=minutes)
    if minutes > 59 or distance > LARGEST_OFFSET:
        raise ValueError(zone)
    return datetime.timezone(-distance if zone[0] == "-" else distance)


def duration(text: str) -> int | None:
    """``MM:SS`` to seconds."""
    found = re.fullmatch(DURATION, text, re.ASCII)
    return int(found[1]) * 60 + int(found[2]) if found else None


def email(text: str) -> str | None:
    return text if re.fullmatch(EMAIL, text, re.ASCII) else None
