"""Odd stamps, zones and clocks: what moment a stamp is, and what a day is while clocks change."""

import datetime
import itertools
import json
import sys
import types
import zoneinfo

import luigi.worker
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from luigi.cmdline_parser import CmdlineParser
from pyspark.sql import functions as F

from conf import days
from conf.contract import TRACKS
from conf.settings import Settings, SparkSettings
from jobs.cleaning import conversions, forms, zones
from jobs.cleaning.checks import checked
from jobs.cleaning.forms import Context
from jobs.cleaning.judge import judged
from jobs.privacy import plan
from jobs.runtime import frames
from jobs.runtime.session import spark_session
from lake.access import Lake
from tasks.fetch import FetchTracks
from tasks.run import luigi_command
from tests.jobs import raw
from tests.jobs.batches import in_spark
from tests.situations.stamps import CLOCKS, STAMPS, computed, stamps, usual

DAY = datetime.date(2024, 3, 1)
FETCHED = datetime.datetime(2026, 3, 2, 1, tzinfo=datetime.UTC)


def moment(text):
    return text and datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC)


@pytest.mark.parametrize(("text", "expected"), STAMPS.items(), ids=[ascii(text)[1:40] for text in STAMPS])
def test_a_stamp_is_a_moment_or_has_a_reason(text, expected):
    context = Context(datetime.datetime.max.replace(tzinfo=datetime.UTC))
    row = raw.track(1, created_at=text)
    found = judged(json.dumps(row), TRACKS.fields, context)
    assert found.values["created_at"] == moment(expected)
    assert found.reasons == ([] if expected else ["created_at_malformed"])
    assert plan.moment(text, "UTC") == moment(expected)  # what forgetting a user counts by


@pytest.mark.parametrize(
    ("zone", "text", "expected"),
    [
        ("Europe/Paris", "2024-10-27T02:30:00", "2024-10-27T00:30"),  # shown twice: the first counts
        ("Europe/Paris", "2024-03-31T02:30:00", "2024-03-31T01:30"),  # left out: winter time goes on
        ("Pacific/Apia", "2011-12-30T12:00:00", "2011-12-30T22:00"),
        ("Asia/Kolkata", "0001-01-01T05:00:00", None),
        ("Asia/Kolkata", "0001-01-01T05:53:28", "0001-01-01T00:00"),
        ("America/New_York", "9999-12-31T20:00:00", None),
        ("Asia/Kolkata", "0001-01-01T00:00:00Z", "0001-01-01T00:00"),
    ],
)
def test_a_stamp_without_a_zone_follows_the_clocks_of_the_api(zone, text, expected):
    assert forms.timestamp(text, Context(FETCHED, zone)) == moment(expected)


@pytest.mark.parametrize("zone", CLOCKS)
def test_periods_of_a_zone_give_the_offsets_that_python_gives(zone):
    periods = zones.periods(zone, FETCHED)
    begins = [period.begin for period in periods]
    assert begins == sorted(begins)
    assert (periods[0].offset, periods[-1].offset) == (None, None)
    epoch = datetime.datetime(1970, 1, 1)
    for before, period in itertools.pairwise(periods[1:-1]):
        for shift, offset in ((-1, before.offset), (0, period.offset)):
            shown = epoch + datetime.timedelta(seconds=period.begin + shift)
            assert shown.replace(tzinfo=zoneinfo.ZoneInfo(zone)).utcoffset().total_seconds() == offset, shown


def micros(found):
    since = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    return None if found is None else (found - since) // datetime.timedelta(microseconds=1)


@given(text=stamps | usual)
@settings(max_examples=300)
def test_any_stamp_is_the_moment_that_another_calendar_gives(text):
    assert micros(forms.timestamp(text, Context(FETCHED))) == computed(text)


@given(found=st.lists(stamps | usual, min_size=150, max_size=200))
@in_spark()
def test_spark_reads_any_stamp_as_python_does_or_leaves_it_to_python(spark, found):
    texts = [*STAMPS, *(text for near in CLOCKS.values() for text in near), *found]
    lines = spark.createDataFrame([(text,) for text in texts], "text string")
    contexts = {zone: Context(FETCHED, zone) for zone in ("UTC", *CLOCKS)}
    read = [
        F.unix_micros(conversions.timestamp(F.col("text"), context)).alias(zone) for zone, context in contexts.items()
    ]
    for row in lines.select("text", *read).toArrow().to_pylist():
        text = row.pop("text")
        for zone, value in row.items():
            assert value in (None, micros(forms.timestamp(text, contexts[zone]))), (zone, text)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Paris"])
def test_the_usual_forms_are_read_by_spark_itself(spark, zone):
    usual_forms = [
        "2024-01-01T10:00:00",
        "2024-01-01 10:00:00.123",
        "2024-07-01T10:00:00.1234567",
        "2024-01-01T10:00:00Z",
    ]
    usual_forms += ["2024-01-01T10:00:00.123456789+05:30", "2024-01-01T10:00:00-0230", "2010-01-01T00:00:00"]
    context = Context(FETCHED, zone)
    lines = spark.createDataFrame([(text,) for text in usual_forms], "text string")
    read = F.unix_micros(conversions.timestamp(F.col("text"), context)).alias("read")
    found = {row["text"]: row["read"] for row in lines.select("text", read).toArrow().to_pylist()}
    assert found == {text: micros(forms.timestamp(text, context)) for text in usual_forms}


def test_a_zone_that_java_does_not_know_is_read(spark):
    texts = [json.dumps(raw.track(1, created_at=text)) for text in CLOCKS["America/Coyhaique"]]
    lines = spark.createDataFrame([(text,) for text in texts], "value string")
    found = checked(lines, TRACKS, Context(FETCHED, "America/Coyhaique"), small=True).select("reasons").collect()
    assert [row["reasons"] for row in found] == [[], [], ["created_at_malformed"]]


EXTREMES = [text for text, expected in STAMPS.items() if expected and expected < "2024-03"]


@pytest.mark.parametrize("few", [frames.FEW, -1], ids=["from memory", "by Spark"])
def test_moments_of_any_year_are_the_same_when_they_are_read_again(spark, tmp_path, monkeypatch, few):
    monkeypatch.setattr(frames, "FEW", few)
    rows = [raw.track(number, created_at=text) for number, text in enumerate(EXTREMES)]
    lines = spark.createDataFrame([(json.dumps(row),) for row in rows], "value string")
    seen = {"first_seen": F.lit(DAY), "last_seen": F.lit(DAY)}
    tracks = checked(lines, TRACKS, Context(FETCHED), small=True).withColumns(seen)
    frames.SparkLake(str(tmp_path), spark).replace(tracks, "tracks", "tracks/test/1", len(rows), last_seen=DAY)
    expected = {number: moment(STAMPS[text]) for number, text in enumerate(EXTREMES)}
    stored = Lake(str(tmp_path))
    assert {row["track_id"]: row["created_at"] for row in stored.rows("tracks")} == expected
    lately = stored.rows("tracks", [("created_at", ">=", moment("2024-01-01T10:00:00.5"))], ["track_id"])
    assert {row["track_id"] for row in lately} == {
        n for n, at in expected.items() if at >= moment("2024-01-01T10:00:00.5")
    }
    by_spark = frames.SparkLake(str(tmp_path), spark).read("tracks").select("track_id", F.unix_micros("created_at"))
    assert dict(map(tuple, by_spark.collect())) == {number: micros(at) for number, at in expected.items()}


@pytest.fixture
def clock(monkeypatch):
    """A clock that can be set, for the day that is under way."""

    class Clock(datetime.datetime):
        shown = datetime.datetime(2024, 3, 1, 23, 59, tzinfo=datetime.UTC)

        @classmethod
        def now(cls, tz=None):
            return cls.shown

    fake = types.SimpleNamespace(**{**vars(datetime), "datetime": Clock})
    monkeypatch.setattr(days, "datetime", fake)
    monkeypatch.setattr(days, "_held", None)
    return Clock


@pytest.mark.parametrize("hours", [1, 24, -24], ids=["midnight", "set ahead", "set back"])
def test_a_run_keeps_the_day_on_which_it_began(clock, hours):
    assert days.today() == DAY
    days.hold()
    clock.shown += datetime.timedelta(hours=hours)
    assert (days.today(), days.yesterday()) == (DAY, DAY - days.ONE)


@pytest.mark.parametrize("began", [DAY, DAY + days.ONE], ids=["before it is over", "when it is over"])
def test_a_day_is_whole_or_not_for_all_of_its_run(clock, began):
    clock.shown = datetime.datetime.combine(began, datetime.time(23, 59), datetime.UTC)
    days.hold()
    for hours in (0, 1, -24):
        clock.shown += datetime.timedelta(hours=hours)
        assert FetchTracks(date=DAY).version == (0 if began == DAY else 1)


def test_luigis_command_holds_its_day(clock, monkeypatch):
    monkeypatch.setattr(luigi_command, "ASKING", ())
    for owner, name in ((sys, "excepthook"), (luigi.worker.TaskProcess, "run"), (CmdlineParser, "_build_parser")):
        monkeypatch.setattr(owner, name, getattr(owner, name))
    monkeypatch.setattr(luigi_command.observe, "install", lambda: None)
    luigi_command.prepare()
    clock.shown += datetime.timedelta(days=1)
    assert days.today() == DAY


def test_the_settings_of_a_server_change_no_moment(spark):
    odd = {"spark.sql.session.timeZone": "Asia/Tokyo", "spark.sql.parquet.datetimeRebaseModeInWrite": "LEGACY"}
    for name, value in odd.items():
        spark.conf.set(name, value)
    conf = "|".join(f"{name}={value}" for name, value in odd.items())
    session = spark_session(Settings(spark=SparkSettings(conf=conf)), "odd settings")
    assert [session.conf.get(name) for name in odd] == ["UTC", "CORRECTED"]
