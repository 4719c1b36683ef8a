"""Days are read in one way, in UTC."""

import datetime

import pytest

from conf import days
from conf.errors import BadSetting


def test_a_day_is_read_as_it_is_written():
    assert days.day("2024-02-29") == datetime.date(2024, 2, 29)


@pytest.mark.parametrize(
    "text",
    ["", "soon", "20240301", "2024-W09-5", "2024-3-1", "2024-02-30", "2024-03-01T00", " 2024-03-01", "２024-03-01"],
)
def test_what_is_no_day_or_is_written_otherwise_is_refused(text):
    with pytest.raises(BadSetting, match=r"^--since: found '.*', required is a day as YYYY-MM-DD, such as "):
        days.day(text, "--since")


def test_a_day_to_come_is_refused_and_today_is_not():
    assert days.begun(days.today()) == days.today()
    with pytest.raises(BadSetting, match=f"has not come yet; the last whole day is {days.yesterday()}"):
        days.begun(days.today() + days.ONE)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Midway"])
def test_the_day_is_that_of_utc_wherever_the_machine_stands(monkeypatch, zone):
    import time

    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert days.today() == datetime.datetime.now(datetime.UTC).date()
    finally:
        monkeypatch.undo()
        time.tzset()
