"""What a single value becomes, and which rules it breaks: docs/reference/quarantine.md, said once more in plain Python."""

import dataclasses
import datetime
import decimal
import json
import re
import unicodedata
import zoneinfo
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.odd_days.rows import Row, Value

ITEMS = "ids"
MOST = 2**63
# Of these nothing is seen, whatever Unicode's category says.
UNSEEN = {"\u2800", "\u3164", "\u115f", "\u1160", "\uffa0"}


class Number(NamedTuple):
    """A number as it was written."""

    text: str


@dataclasses.dataclass(frozen=True)
class Verdict:
    value: Any = None
    broken: tuple[str, ...] = ()
    items: tuple["Verdict", ...] = ()


class Judge:
    """Judges rows of one entity in one snapshot."""

    def __init__(self, fields: dict[str, tuple[str, str]], timezone: str, fetched_at: datetime.datetime) -> None:
        self.fields, self.fetched_at = fields, fetched_at
        self.zone = zoneinfo.ZoneInfo(timezone)

    def verdicts(self, row: Row) -> Iterator[tuple[str, Verdict]]:
        for name, (kind, _) in self.fields.items():
            yield name, self.verdict(kind, row.value(name))

    def verdict(self, kind: str, value: Value | None) -> Verdict:
        if value is None:
            return Verdict(broken=("missing",))
        if isinstance(value, tuple):
            return self._list(value) if kind == ITEMS else Verdict(broken=("wrong_type",))
        read = json.loads(value, parse_int=Number, parse_float=Number)
        if read is None:
            return Verdict(broken=() if kind == "text?" else ("null",))
        if kind == ITEMS:
            return Verdict(broken=("wrong_type",))
        if kind == "id":
            return whole_number(read)
        if not isinstance(read, str):
            return Verdict(broken=("wrong_type",))
        return {
            "text": self._required_text,
            "text?": self._text,
            "email": self._email,
            "duration": self._duration,
            "stamp": self._stamp,
        }[kind](read)

    def _list(self, items: tuple[str, ...]) -> Verdict:
        judged = tuple(self.verdict("id", item) for item in items)
        return Verdict([one.value for one in judged], () if items else ("empty",), judged)

    def _text(self, text: str) -> Verdict:
        return Verdict(broken=("malformed",)) if has_half_a_pair(text) else Verdict(text)

    def _required_text(self, text: str) -> Verdict:
        return self._text(text) if shows_something(text) else Verdict(broken=("empty",))

    def _email(self, text: str) -> Verdict:
        name, _, host = text.partition("@")
        place, _, domain = host.rpartition(".")
        blank = any(sign in " \t\n\r\v\f" for sign in text)
        good = name and place and domain and "@" not in host and not blank and not has_half_a_pair(text)
        return Verdict(text) if good else Verdict(broken=("malformed",))

    def _duration(self, text: str) -> Verdict:
        found = re.fullmatch("([0-9]{1,4}):([0-5][0-9])", text)
        return Verdict(int(found[1]) * 60 + int(found[2])) if found else Verdict(broken=("malformed",))

    def _stamp(self, text: str) -> Verdict:
        moment = utc(text, self.zone)
        if moment is None:
            return Verdict(broken=("malformed",))
        return Verdict(moment, ("after_fetch",) if moment > self.fetched_at else ())


def whole_number(read: Any) -> Verdict:
    """An id: a whole number from 0 to 2^63 - 1, written without fraction and exponent."""
    if not isinstance(read, Number):
        return Verdict(broken=("wrong_type",))
    if re.fullmatch("-?[0-9]+", read.text):
        number = decimal.Decimal(read.text)
        return Verdict(int(number)) if 0 <= number < MOST else Verdict(broken=("out_of_range",))
    return Verdict(broken=("out_of_range" if abs(decimal.Decimal(read.text)) >= MOST else "wrong_type",))


def utc(text: str, zone: datetime.tzinfo) -> datetime.datetime | None:
    """A stamp's moment; None where it has none between year 1 and 9999 of UTC.

    Digits beyond microseconds are cut, 24:00 is midnight, and a leap second is the last microsecond of its day.
    """
    day = "([0-9]{4})-([0-9]{2})-([0-9]{2})"
    clock = "([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]+))?)?"
    found = re.fullmatch(f"{day}[Tt ]{clock}([Zz]|[+-][0-9:]+)?", text)
    if not found:
        return None
    year, month, date, hour, minute, second = (int(number or 0) for number in found.groups()[:6])
    micros = int(((found[7] or "") + "000000")[:6])
    try:
        there = zone if not found[8] else offset(found[8])
        if (hour, minute, second, int(found[7] or 0)) == (24, 0, 0, 0):
            midnight = datetime.datetime(year, month, date) + datetime.timedelta(days=1)
            return midnight.replace(tzinfo=there).astimezone(datetime.UTC)
        moment = datetime.datetime(year, month, date, hour, minute, min(second, 59), micros, there)
        moment = moment.astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        return None
    if second < 60:
        return moment
    return moment.replace(microsecond=999_999) if second == 60 and ends_a_month(moment) else None


def offset(text: str) -> datetime.tzinfo:
    """
    Raises:
        ValueError: no clock is so far from UTC, or it is no offset.
    """
    if text in "Zz":
        return datetime.UTC
    found = re.fullmatch("[+-]([0-9]{2})(?::?([0-9]{2})(?::?([0-9]{2}))?)?", text)
    hours, minutes, seconds = (int(number or 0) for number in found.groups()) if found else (99, 0, 0)
    ahead = datetime.timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if max(minutes, seconds) > 59 or ahead > datetime.timedelta(hours=18):
        raise ValueError(text)
    return datetime.timezone(-ahead if text[0] == "-" else ahead)


def ends_a_month(moment: datetime.datetime) -> bool:
    """Whether it lies in the last second of a month, behind which leap seconds are added."""
    return (moment + datetime.timedelta(seconds=1)).day == 1 and (moment.hour, moment.minute, moment.second) == (
        23,
        59,
        59,
    )


def shows_something(text: str) -> bool:
    """Whether there is more than white space, and signs that take no room."""
    return any(
        not sign.isspace() and unicodedata.category(sign) not in ("Cf", "Cc", "Zs") and sign not in UNSEEN
        for sign in text
    )


def has_half_a_pair(text: str) -> bool:
    return any(0xD800 <= ord(sign) < 0xE000 for sign in text)
