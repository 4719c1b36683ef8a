"""Odd stamps: years at the edge, digits beyond microseconds, leap seconds, clocks that change."""

import datetime
import functools
import random
import zoneinfo

HOUR = datetime.timedelta(hours=1)
ZONES = (
    "Europe/Paris",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "UTC",
    "Asia/Tehran",
)
EDGES = [
    "0001-01-01T00:00:00",
    "0001-01-01T00:00:00+02:00",
    "0001-01-01T12:00:00-02:00",
    "0001-01-02T00:00:00+18:00",
    "0000-12-31T23:00:00-05:00",
    "0000-01-01T00:00:00",
    "9999-12-31T23:59:59.999999",
    "9999-12-31T23:59:59-01:00",
    "9999-12-31T23:59:59+14:00",
    "1582-10-10T10:00:00",
    "1890-06-01T12:00:00",
    "1900-02-29T10:00:00",
]
LEAPS = [
    "2016-12-31T23:59:60",
    "2016-12-31T23:59:60Z",
    "2017-01-01T05:29:60+05:30",
    "2016-12-31T23:59:61",
    "2015-06-30T23:59:60.5",
]
FORMS = [
    "2023-05-01T24:00:00",
    "2023-02-29T10:00:00",
    "2023-05-01",
    "2023-05-01T24:00:01",
    "2023-05-01T24:00",
    "2023-05-01T10:00",
    "2023-05-01T10",
    "2023-05-01T10:00:00+05:53:28",
    " 2023-05-01T10:00:00",
    "2023-05-01T10:00:00z",
    "2023-05-01T10:00:00+05",
    "2023-05-01T10:00:00+18:00",
    "2023-05-01T10:00:00-18:01",
    "2023-05-01T10:00:00+0530",
    "2023-05-01T10:00:00-00:00",
    "2023-05-01t10:00:00",
    "2023-05-01 10:00:00",
    "2023-05-01T10:00:00,5",
    "2023-05-01T10:00:00.",
    "2023-05-01T1\u0660:00:00",
    "1683000000",
]
FRACTIONS = [".1", ".1234567", ".9999999", ".123456789", ".000000999", ".12345678901234567890"]
KINDS = ("edge", "leap second", "form", "fraction", "clock change")


def odd(kind: str, zone: str, chance: random.Random) -> str:
    """A stamp of the kind, as served."""
    if kind == "fraction":
        return f"2023-0{chance.randint(1, 9)}-15T23:59:59{chance.choice(FRACTIONS)}{chance.choice(['', 'Z', '-03:30'])}"
    if kind == "clock change":
        return chance.choice(changes(zone) or FORMS)
    return chance.choice({"edge": EDGES, "leap second": LEAPS, "form": FORMS}[kind])


@functools.cache
def changes(zone: str) -> list[str]:
    """Stamps without a zone in an hour that clocks of 2023 leave out, and in one that they show twice."""
    there, found = zoneinfo.ZoneInfo(zone), []
    moment = datetime.datetime(2023, 1, 1, tzinfo=datetime.UTC)
    while moment.year == 2023:
        later = moment + HOUR
        before, after = (at.astimezone(there).replace(tzinfo=None) for at in (moment, later))
        if after - before != HOUR:
            middle = before + (after - before if after > before else HOUR) / 2
            found += [f"{at:%Y-%m-%dT%H:%M:%S}" for at in (before, middle, after, before + HOUR / 2)]
        moment = later
    return found


def local(moment: datetime.datetime, zone: str) -> str:
    """A moment as the API writes it: by its own clocks, without saying so."""
    return moment.astimezone(zoneinfo.ZoneInfo(zone)).replace(tzinfo=None).isoformat()
