"""The forms of a text by kind: in Python by themselves, and in Spark the same."""

import datetime

import pytest

from jobs.cleaning import conversions, forms
from jobs.cleaning.forms import Context

FETCHED = datetime.datetime(2024, 3, 2, 1, tzinfo=datetime.UTC)
ZONES = ["UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata"]

STAMPS = {
    "2024-01-01T10:00:00": "2024-01-01 10:00:00",
    "2024-01-01 10:00:00": "2024-01-01 10:00:00",
    "0001-01-01T00:00:00": "0001-01-01 00:00:00",
    "9999-12-31T23:59:59.999999": "9999-12-31 23:59:59.999999",
    "2024-02-29T10:00:00": "2024-02-29 10:00:00",
    "1582-10-10T00:00:00": "1582-10-10 00:00:00",  # a day that no calendar of the time had
    "2024-01-01T10:00:00.1": "2024-01-01 10:00:00.100000",
    "2024-01-01T10:00:00.012": "2024-01-01 10:00:00.012000",
    "2024-01-01T10:00:00.12345": "2024-01-01 10:00:00.123450",
    "2024-01-01T10:00:00.123456": "2024-01-01 10:00:00.123456",
    "2024-01-01T10:00:00.1234567": "2024-01-01 10:00:00.123456",
    "2024-01-01T10:00:00Z": "2024-01-01 10:00:00",
    "2024-01-01T10:00:00+02:00": "2024-01-01 08:00:00",
    "2024-01-01T10:00:00-0230": "2024-01-01 12:30:00",
    "2024-01-01T10:00:00+18:00": "2023-12-31 16:00:00",
    "2024-01-01T10:00:00-00:00": "2024-01-01 10:00:00",
}
# Forms that Spark leaves to Python.
UNUSUAL = {
    "2024-06-30T23:59:60Z": "2024-06-30 23:59:59.999999",
    "2024-01-01T24:00:00Z": "2024-01-02 00:00:00",
    "2024-01-01T10:00:00,25": "2024-01-01 10:00:00.250000",
    "2024-01-01T10:00:00+02": "2024-01-01 08:00:00",
    "2024-01-01T10:00:00+00:09:21": "2024-01-01 09:50:39",
    "2024-01-01T10:00:00z": "2024-01-01 10:00:00",
    "2024-01-01t10:00": "2024-01-01 10:00:00",
}
NO_STAMPS = [
    "",
    "0000-01-01T00:00:00",
    "0001-01-01T00:00:00+02:00",
    "2023-02-29T10:00:00",
    "1500-02-29T00:00:00",
    "2024-02-30T10:00:00",
    "2024-13-01T00:00:00",
    "2024-01-00T00:00:00",
    "2024-06-29T23:59:60",
    "2024-01-01T24:00:01",
    "2024-01-01T23:60:00",
    "2024-01-01T10:00:00.",
    "2024-01-01T10:00:00+18:01",
    "2024-01-01T10:00:00-02:60",
    "2024-01-01T10:00:00 Z",
    "2024-1-1T10:00:00",
    "2024-01-01",
    " 2024-01-01T10:00:00",
    "2024-01-01T10:00:00\n",
    "2024-01-01T10:00:00\u2028",
    "\u0662\u0660\u0662\u0664-01-01T10:00:00",
    "+2024-01-01T10:00:00",
]
# What clocks showed twice, and what they left out.
CLOCKS = {
    "Europe/Paris": {
        "2024-03-31T01:59:59": "2024-03-31 00:59:59",
        "2024-03-31T02:30:00": "2024-03-31 01:30:00",
        "2024-03-31T03:00:00": "2024-03-31 01:00:00",
        "2024-10-27T02:30:00": "2024-10-27 00:30:00",
        "2024-10-27T03:00:00": "2024-10-27 02:00:00",
        "2024-07-01T12:00:00Z": "2024-07-01 12:00:00",
        "1900-01-01T00:00:00": "1899-12-31 23:50:39",
        "0001-01-02T00:00:00": "0001-01-01 23:50:39",
    },
    "America/New_York": {
        "2024-03-10T02:30:00": "2024-03-10 07:30:00",
        "2024-11-03T01:30:00": "2024-11-03 05:30:00",
        "2100-07-01T00:00:00": "2100-07-01 04:00:00",
        "2024-07-01T12:00:00-04:00": "2024-07-01 16:00:00",
    },
    "Asia/Kolkata": {"2024-07-01T12:00:00": "2024-07-01 06:30:00", "1941-10-01T00:30:00": "1941-09-30 19:00:00"},
}
DURATIONS = {"00:00": 0, "0:00": 0, "03:05": 185, "9999:59": 599_999}
NO_DURATIONS = ["", "3", "03:60", "3:5", "10000:00", "-1:00", "03:05\n", " 03:05", "\u0663:05", "03:05:00"]
EMAILS = ["ann@example.org", "7@example.org", "ü@exämple.org", "a@b.c.d"]
NO_EMAILS = ["", "ann", "a b@example.org", "ann@host", "@x.org", "a@.", "a@b.c\n", "a@b.c ", "a@@b.c"]


def shown(moment):
    return moment and f"{moment.replace(tzinfo=None)}"


@pytest.mark.parametrize(("text", "moment"), (STAMPS | UNUSUAL).items())
def test_a_stamp_becomes_utc(text, moment):
    assert shown(forms.timestamp(text, Context(FETCHED))) == moment


@pytest.mark.parametrize("text", NO_STAMPS)
def test_what_is_no_stamp_becomes_nothing(text):
    assert forms.timestamp(text, Context(FETCHED)) is None


@pytest.mark.parametrize(
    ("zone", "text", "moment"), [(zone, *pair) for zone, pairs in CLOCKS.items() for pair in pairs.items()]
)
def test_a_stamp_without_a_zone_is_of_the_settings_zone(zone, text, moment):
    assert shown(forms.timestamp(text, Context(FETCHED, zone))) == moment


def test_durations_become_seconds():
    assert {text: forms.duration(text) for text in DURATIONS} == DURATIONS
    assert [text for text in NO_DURATIONS if forms.duration(text) is not None] == []


def test_emails_have_a_name_a_host_and_a_domain():
    assert [forms.email(text) for text in EMAILS] == EMAILS
    assert [text for text in NO_EMAILS if forms.email(text) is not None] == []


@pytest.mark.parametrize("zone", ZONES)
def test_spark_converts_stamps_as_python_does(spark, zone):
    context = Context(FETCHED, zone)
    texts = [*STAMPS, *UNUSUAL, *NO_STAMPS, *(text for pairs in CLOCKS.values() for text in pairs)]
    lines = spark.createDataFrame([(text,) for text in texts], "text string")
    column = conversions.timestamp(lines["text"], context).alias("moment")
    found = {
        row["text"]: row["moment"] for row in lines.select("text", column.cast("string").alias("moment")).collect()
    }
    assert [text for text in texts if found[text] not in (None, brief(forms.timestamp(text, context)))] == []
    left = [text for text in STAMPS if forms.timestamp(text, context) and not found[text]]
    # What clocks showed long ago, or show after the fetch, is Python's to know.
    assert left == [] if zone == "UTC" else all(not "2005" < text < "2024-03" for text in left)


def brief(moment):
    """As Spark prints it: no trailing zeros."""
    text = shown(moment)
    return text and (text.rstrip("0") if "." in text else text)


def test_spark_converts_durations_and_emails_as_python_does(spark):
    texts = [*DURATIONS, *NO_DURATIONS, *EMAILS, *NO_EMAILS]
    lines = spark.createDataFrame([(text,) for text in texts], "text string")
    columns = [convert(lines["text"], Context(FETCHED)) for convert in (conversions.duration, conversions.email)]
    found = [tuple(row) for row in lines.select(lines["text"], *columns).collect()]
    assert found == [(text, forms.duration(text), forms.email(text)) for text in texts]
