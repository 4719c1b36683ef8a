"""Stamps as APIs could serve them, with their moments: some worked out by a person, any computed by another calendar."""

import re

import numpy as np
from hypothesis import strategies as st

# A stamp as served, and its moment in UTC; None where it is none.
STAMPS = {
    "2024-01-01T10:00:00.1234567": "2024-01-01T10:00:00.123456",  # .NET
    "2024-01-01T10:00:00.999999999Z": "2024-01-01T10:00:00.999999",  # Go
    "2024-01-01T10:00:00." + "9" * 400: "2024-01-01T10:00:00.999999",
    "2024-01-01T10:00:00,5": "2024-01-01T10:00:00.5",
    "2024-01-01T10:00": "2024-01-01T10:00",  # Java, on the minute
    "2024-01-01t10:00:00z": "2024-01-01T10:00",
    "2024-01-01T10:00:00+0530": "2024-01-01T04:30",
    "2024-01-01 10:00:00+05": "2024-01-01T05:00",  # PostgreSQL
    "2024-01-01T10:00:00-00:00": "2024-01-01T10:00",
    "2024-01-01T10:00:00+14:00": "2023-12-31T20:00",
    "1880-01-01T00:00:00+00:09:21": "1879-12-31T23:50:39",  # Paris, before there were zones
    "2024-01-01T24:00:00": "2024-01-02T00:00",
    "2023-12-31T24:00:00.0000000Z": "2024-01-01T00:00",
    "2016-12-31T23:59:60Z": "2016-12-31T23:59:59.999999",
    "2017-01-01T05:29:60.25+05:30": "2016-12-31T23:59:59.999999",
    "2015-06-30T19:59:60-04:00": "2015-06-30T23:59:59.999999",
    "0001-01-01T00:00:00Z": "0001-01-01T00:00",
    "0001-01-01T02:00:00+02:00": "0001-01-01T00:00",
    "9999-12-31T23:59:59.9999999Z": "9999-12-31T23:59:59.999999",
    "1582-10-10T00:00:00Z": "1582-10-10T00:00",  # a day that no calendar of the time had
    "1500-03-01T00:00:00Z": "1500-03-01T00:00",  # a leap year to the Julian calendar alone
    # in UTC before year 1, or after year 9999
    "0001-01-01T00:00:00+00:01": None,
    "0001-01-01T05:29:59.999999+05:30": None,
    "9999-12-31T23:59:59-00:01": None,
    "9999-12-31T24:00:00Z": None,
    "0000-12-31T23:59:59Z": None,
    "10000-01-01T00:00:00Z": None,
    "-0001-01-01T00:00:00Z": None,
    "+2024-01-01T00:00:00Z": None,
    # no such moment
    "2016-12-31T23:59:61Z": None,
    "2016-12-30T23:59:60Z": None,
    "2016-12-31T22:59:60Z": None,
    "2024-01-01T24:00:01": None,
    "2024-01-01T24:00:00.000000001": None,
    "2024-01-01T25:00:00": None,
    "2023-02-29T00:00:00": None,
    "1500-02-29T00:00:00Z": None,
    "2024-01-01T10:00:00+18:01": None,
    "2024-01-01T10:00:00+05:60": None,
    # not how a stamp is written
    "2024-01-01T10": None,
    "2024-01-01T10:00:00.": None,
    "2024-01-01T10:00:00 +0000": None,
    "2024-01-01T10:00:00+00:00[UTC]": None,
    "2024-01-01T10:00:00 UTC": None,
    "2024-01-01T10:00:00\u22120500": None,
    "2024-W01-1T10:00:00": None,
    "2024-001T10:00:00": None,
    "20240101T100000Z": None,
    "1704103200": None,
    "\u200b2024-01-01T10:00:00": None,
    "2024-01-01T10:00:00\x00": None,
}
# Zones, and stamps without one near a change of their clocks; America/Coyhaique is not known to every Java.
CLOCKS = {
    "Europe/Paris": ["2024-03-31T01:59:59", "2024-03-31T02:30:00", "2024-10-27T02:30:00", "2024-10-27T03:00:00"],
    "Australia/Lord_Howe": ["2024-04-07T01:45:00", "2024-10-06T02:15:00"],  # by half an hour
    "America/New_York": ["2024-03-10T02:30:00", "2024-11-03T01:30:00", "1883-11-18T12:03:57", "2100-07-01T00:00:00"],
    "Asia/Kolkata": ["0001-01-01T05:29:59", "0001-01-01T05:53:27", "0001-01-01T05:53:28", "1941-10-01T00:30:00"],
    "Africa/Casablanca": ["2024-03-10T02:30:00", "2024-04-14T02:30:00"],
    "Pacific/Apia": ["2011-12-29T23:59:59", "2011-12-30T12:00:00", "2011-12-31T00:00:00"],  # a day that was left out
    "America/Coyhaique": ["2025-03-19T00:00:00", "2025-06-01T12:00:00", "9999-12-31T22:00:00"],
    "Africa/Monrovia": ["1972-01-06T23:59:59", "1972-01-07T00:30:00"],  # 44 minutes and 30 seconds
}


def part(low, high, width=2):
    return st.integers(low, high).map(lambda number: f"{number:0{width}d}")


offsets = st.sampled_from(["", "Z", "z", "-00:00", "+14:00", "+0530", "-05", "+05:53:28", "+18:00", "+18:01", "+5"]) | (
    st.builds("{}{}:{}".format, st.sampled_from("+-"), part(0, 19), part(0, 61))
)
stamps = st.builds(
    "{}-{}-{}{}{}:{}:{}{}{}".format,
    st.sampled_from(["0000", "0001", "1582", "1900", "9999"]) | part(0, 9999, 4),
    part(0, 13),
    part(0, 32),
    st.sampled_from("TTT t"),
    part(0, 25),
    part(0, 60),
    part(0, 61),
    st.sampled_from(["", ".0", ".1234567", ",5", ".123456789", "."]),
    offsets,
)
# Most parts of these are good.
usual = st.builds(
    lambda moment, digits, offset: f"{moment:%Y-%m-%dT%H:%M:%S}".rjust(19, "0") + digits + offset,
    st.datetimes(),
    st.sampled_from(["", ".5", ".123456", ".1234567", ".999999999"]),
    offsets,
)


def computed(text):
    """The microseconds since 1970 by numpy's calendar; None where it has no such moment in the years 1 to 9999."""
    parts = re.fullmatch(
        r"(\d{4}-\d\d-\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(?:[Zz]|([+-])(\d\d)(?::?(\d\d)(?::?(\d\d))?)?)?",
        text,
    )
    if not parts:
        return None
    try:
        date = int(np.datetime64(parts[1], "D").astype(int))
    except ValueError:
        return None
    hour, minute, second = (int(parts[group]) for group in (2, 3, 4))
    after, hours, minutes, seconds = (int(parts[group] or 0) for group in (5, 7, 8, 9))
    midnight = (hour, minute, second, after) == (24, 0, 0, 0)
    away = hours * 3600 + minutes * 60 + seconds
    if parts[1] < "0001" or (hour > 23 and not midnight) or minute > 59 or second > 60:
        return None
    if max(minutes, seconds) > 59 or away > 18 * 3600:
        return None
    micros = int((parts[5] or "0").ljust(6, "0")[:6])
    if second == 60:
        second, micros = 59, 999_999
    total = ((date * 24 + hour) * 60 + minute) * 60 + second - (-away if parts[6] == "-" else away)
    if parts[4] == "60":
        end = np.datetime64(total + 1, "s")
        if end != end.astype("datetime64[M]"):  # no month ends there
            return None
    first, last = (int(np.datetime64(year, "s").astype(int)) for year in ("0001", "10000"))
    return total * 1_000_000 + micros if first <= total < last else None
