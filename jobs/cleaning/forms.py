"""The forms of a text by kind, and what a text of that form says: pure Python.

:mod:`jobs.cleaning.conversions` says the same for the usual forms, and leaves the others to this module. A pattern is one
of the whole text, but for ``VISIBLE``; all but ``TIMESTAMP`` are read alike by Python (with ``re.ASCII``) and by Spark's Java.
"""

import calendar
import dataclasses
import datetime
import re
import zoneinfo

# ISO 8601 as APIs write it. Python and Delta's readers know no year 0.
TIMESTAMP = (
    r"((?!0000)\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?"
    r"([Zz]|[+-]\d{2}(?::?\d{2}(?::?\d{2})?)?)?"
)
DURATION = r"(\d{1,4}):([0-5]\d)"
EMAIL = r"[^@\s]+@[^@\s]+\.[^@\s]+"

# Characters that show nothing, as code points: white space, controls, zero-width and other characters that Unicode ignores
# by default or uses for format, the Hangul fillers, and Braille's pattern without dots.
INVISIBLE = (
    *((0x0000, 0x0020), (0x007F, 0x00A0), (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160)),
    *((0x1680, 0x1680), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2000, 0x200F), (0x2028, 0x202F), (0x205F, 0x206F)),
    *((0x2800, 0x2800), (0x3000, 0x3000), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0)),
    *((0xFFF0, 0xFFFB), (0x13430, 0x1343F), (0x16FE4, 0x16FE4), (0x1BCA0, 0x1BCA3), (0x1D159, 0x1D159)),
    *((0x1D173, 0x1D17A), (0xE0000, 0xE0FFF)),
)
VISIBLE = "[^" + "".join(f"{chr(first)}-{chr(last)}" for first, last in INVISIBLE) + "]"

LARGEST_OFFSET = datetime.timedelta(hours=18)  # that Spark takes


@dataclasses.dataclass(frozen=True)
class Context:
    """What checks need to know of the fetch: when it ended, and what a zone-less stamp means."""

    fetched_at: datetime.datetime
    timezone: str = "UTC"


def timestamp(text: str, context: Context) -> datetime.datetime | None:
    """ISO 8601 to UTC; a stamp without a zone is of the context's. None where there is no such moment in years 1 to 9999.

    Of an hour that clocks show twice the first counts; in an hour that they leave out the zone's time before goes on.
    Digits past the microsecond are cut off. Hour 24 is midnight at the end of the day. A leap second, 23:59:60 in UTC at
    the end of a month, becomes the last microsecond of its day.
    """
    found = re.fullmatch(TIMESTAMP, text, re.ASCII)
    if not found:
        return None
    year, month, day, hour, minute, second = (int(number or 0) for number in found.groups()[:6])
    fraction, zone = found[7] or "", found[8]
    microsecond = int(fraction[:6].ljust(6, "0"))
    midnight = hour == 24 and not (minute or second or fraction.strip("0"))
    leap = second == 60
    hour, second = 0 if midnight else hour, 59 if leap else second
    try:
        tz = offset(zone) if zone else zone_of(context)
        shown = datetime.datetime(year, month, day, hour, minute, second, microsecond) + datetime.timedelta(midnight)
        moment = shown.replace(tzinfo=tz).astimezone(datetime.UTC)
    except (ValueError, OverflowError):  # no such date, hour or offset; or in UTC before year 1 or after 9999
        return None
    return leap_second(moment) if leap else moment


def leap_second(moment: datetime.datetime) -> datetime.datetime | None:
    """The last microsecond of a day, given the second before one that was added to it; None where none can be."""
    added = (moment.hour, moment.minute, moment.second) == (23, 59, 59)
    ends_month = calendar.monthrange(moment.year, moment.month)[1] == moment.day
    return moment.replace(microsecond=999_999) if added and ends_month else None


def zone_of(context: Context) -> datetime.tzinfo:
    return datetime.UTC if context.timezone == "UTC" else zoneinfo.ZoneInfo(context.timezone)


def offset(zone: str) -> datetime.tzinfo:
    """``Z``, ``+05``, ``+0530``, ``+05:30``, or with seconds, as of the local times before there were zones.

    Raises:
        ValueError: no clock is so far from UTC.
    """
    if zone in "Zz":
        return datetime.UTC
    digits = zone[1:].replace(":", "").ljust(6, "0")
    hours, minutes, seconds = (int(digits[at : at + 2]) for at in (0, 2, 4))
    distance = datetime.timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if max(minutes, seconds) > 59 or distance > LARGEST_OFFSET:
        raise ValueError(zone)
    return datetime.timezone(-distance if zone[0] == "-" else distance)


def blank(text: str) -> bool:
    """Whether it shows nothing."""
    return re.search(VISIBLE, text) is None


def duration(text: str) -> int | None:
    """``MM:SS`` to seconds."""
    found = re.fullmatch(DURATION, text, re.ASCII)
    return int(found[1]) * 60 + int(found[2]) if found else None


def email(text: str) -> str | None:
    return text if re.fullmatch(EMAIL, text, re.ASCII) else None
