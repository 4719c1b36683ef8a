"""Days as all commands read them: UTC, written YYYY-MM-DD."""

import datetime
import re

from conf.errors import BadSetting

ONE = datetime.timedelta(days=1)


_held: datetime.date | None = None


def today() -> datetime.date:
    """The day that is under way, UTC; in a process that has called :func:`hold`, the day on which it did."""
    return _held or datetime.datetime.now(datetime.UTC).date()


def hold() -> None:
    """Keep the day for the rest of this process.

    A run goes through as what it began as, past midnight and where the clock is set: a day that was not over stays one.
    """
    global _held
    _held = today()


def yesterday() -> datetime.date:
    """The last whole day, UTC."""
    return today() - ONE


def day(text: str, name: str = "date") -> datetime.date:
    """A day of the calendar.

    Raises:
        BadSetting: the text is none, or is written otherwise.
    """
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return datetime.date.fromisoformat(text)
    except ValueError:  # such as the 30th of February
        pass
    raise BadSetting(f"{name}: found {text!r}, required is a day as YYYY-MM-DD, such as {yesterday()}")


def begun(date: datetime.date, name: str = "date") -> datetime.date:
    """The day, where it has begun.

    Raises:
        BadSetting: it is still to come.
    """
    if date > today():
        raise BadSetting(f"{name}: {date} has not come yet; the last whole day is {yesterday()}")
    return date
