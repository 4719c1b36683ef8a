"""Dirty rows of every kind, with the reasons that a person would give."""

import datetime
import json

import pytest
from pyspark.sql import functions as F

from conf.contract import TRACKS, USERS
from jobs.cleaning import rows
from jobs.cleaning.checks import checked
from jobs.cleaning.conversions import Context

FETCHED = datetime.datetime(2024, 3, 2, 1, tzinfo=datetime.UTC)
TRACK = {
    "id": 1,
    "name": "Song",
    "artist": "Band",
    "songwriters": "Ann, Bob",
    "duration": "03:05",
    "genres": "rock",
    "album": "LP",
    "created_at": "2024-01-01T10:00:00",
    "updated_at": "2024-01-02T10:00:00.123456",
}
USER = {
    "id": 1,
    "first_name": "Ann",
    "last_name": "Lee",
    "email": "ann@example.org",
    "gender": "Female",
    "favorite_genres": "rock",
    "created_at": "2024-01-01T10:00:00",
    "updated_at": "2024-01-02T10:00:00",
}


def judge(spark, entity, texts, timezone="UTC"):
    """Checked rows, in the order of the texts."""
    lines = spark.createDataFrame(list(enumerate(texts)), "at int, value string")
    ordered = lines.orderBy("at").coalesce(1).select("value")
    return checked(ordered, entity, Context(FETCHED, timezone)).collect()


def without(row, name):
    return {key: value for key, value in row.items() if key != name}


BAD_TRACKS = [
    ("not an object", '["a", "list"]', ["not_an_object"]),
    ("not JSON", '{"id": 1', ["not_an_object"]),
    ("id missing", without(TRACK, "id"), ["id_missing"]),
    ("id null", {**TRACK, "id": None}, ["id_null"]),
    ("id as a text", {**TRACK, "id": "1"}, ["id_wrong_type"]),
    ("id with places", {**TRACK, "id": 1.5}, ["id_wrong_type"]),
    ("negative id", {**TRACK, "id": -1}, ["id_out_of_range"]),
    ("id of 2 to the 63", {**TRACK, "id": 2**63}, ["id_out_of_range"]),
    ("id of 60 digits", {**TRACK, "id": 10**60}, ["id_out_of_range"]),
    ("name empty", {**TRACK, "name": " "}, ["name_empty"]),
    ("name a number", {**TRACK, "name": 5}, ["name_wrong_type"]),
    ("name null", {**TRACK, "name": None}, ["name_null"]),
    ("genres missing", without(TRACK, "genres"), ["genres_missing"]),
    ("duration without seconds", {**TRACK, "duration": "3"}, ["duration_malformed"]),
    ("75 seconds", {**TRACK, "duration": "03:75"}, ["duration_malformed"]),
    ("30 February", {**TRACK, "created_at": "2024-02-30T10:00:00"}, ["created_at_malformed"]),
    ("a date without a time", {**TRACK, "created_at": "2024-02-01"}, ["created_at_malformed"]),
    ("after the fetch", {**TRACK, "updated_at": "2024-03-02T01:00:00.000001"}, ["updated_at_after_fetch"]),
    (
        "several at once",
        {**TRACK, "id": None, "name": "", "duration": 3},
        ["id_null", "name_empty", "duration_wrong_type"],
    ),
]
GOOD_TRACKS = [
    {**TRACK, "id": 2**63 - 1},
    {**TRACK, "id": 0, "duration": "00:00"},
    {**TRACK, "updated_at": "2023-01-01T00:00:00"},  # before created_at: normal upstream
    {**TRACK, "songwriters": None, "genres": None, "album": None},
    {**TRACK, "unknown_field": {"a": 1}},
]


def test_each_bad_track_has_the_reasons_that_apply_and_no_other(spark):
    texts = [row if isinstance(row, str) else json.dumps(row) for _, row, _ in BAD_TRACKS]
    found = {name: row["reasons"] for (name, *_), row in zip(BAD_TRACKS, judge(spark, TRACKS, texts), strict=True)}
    assert found == {name: reasons for name, _, reasons in BAD_TRACKS}


def test_what_is_normal_upstream_passes_and_is_typed(spark):
    found = judge(spark, TRACKS, [json.dumps(row) for row in GOOD_TRACKS])
    assert [row["reasons"] for row in found] == [[]] * len(GOOD_TRACKS)
    assert [row["track_id"] for row in found][:2] == [2**63 - 1, 0]
    assert [row["duration_s"] for row in found][:2] == [185, 0]
    assert found[0]["name"] == "Song"


@pytest.mark.parametrize(
    ("timezone", "utc"),
    # Paris is an hour ahead in January.
    [("UTC", "2024-01-02 10:00:00.123456"), ("Europe/Paris", "2024-01-02 09:00:00.123456")],
)
def test_a_stamp_keeps_its_microseconds_and_becomes_utc(spark, timezone, utc):
    lines = spark.createDataFrame([(json.dumps(TRACK),)], "value string")
    typed = checked(lines, TRACKS, Context(FETCHED, timezone))
    stamp = typed.select(F.date_format("updated_at", "yyyy-MM-dd HH:mm:ss.SSSSSS")).first()[0]
    assert stamp == utc


def test_bad_emails_are_named_and_repeated_ones_pass(spark):
    emails = ["ann@example.org", "ann@example.org", "ann", "a b@example.org", "ann@host", "@x.org"]
    found = judge(spark, USERS, [json.dumps({**USER, "id": at, "email": email}) for at, email in enumerate(emails)])
    bad = ["email_malformed"]
    assert [row["reasons"] for row in found] == [[], [], bad, bad, bad, bad]


def test_quarantine_shows_nothing_personal_whatever_its_type(spark):
    dirty = [
        {**USER, "id": None},
        {**USER, "id": None, "first_name": ["Ann"], "last_name": {"x": "Lee"}, "email": 5},
        ["Ann", "ann@example.org"],
    ]
    lines = spark.createDataFrame([(json.dumps(row),) for row in dirty], "value string")
    judged = rows.with_outcome(checked(lines, USERS, Context(FETCHED)), USERS)
    kept = [row["row"] for row in rows.quarantine(judged, USERS, F.lit(datetime.date(2024, 3, 1))).collect()]
    assert len(kept) == 3
    assert not [text for text in kept for secret in ("Ann", "Lee", "ann@", "5") if secret in text]
    assert any('"favorite_genres":"rock"' in text for text in kept)


def by_duplicates(checked, entity):
    numbered = checked.withColumn("row_id", F.monotonically_increasing_id())
    repeated = rows.repeated_keys(numbered, entity)
    return rows.with_outcome_knowing(numbered, rows.duplicates(numbered, repeated, entity))


@pytest.mark.parametrize("with_outcome", [rows.with_outcome, by_duplicates])
def test_of_one_key_the_latest_update_is_clean_and_repeats_are_duplicates(spark, with_outcome):
    later = {**TRACK, "name": "New", "updated_at": "2024-01-03T10:00:00"}
    bad = {**later, "duration": ""}
    served = (TRACK, later, later, {**TRACK, "id": 2}, bad, bad)
    lines = spark.createDataFrame([(json.dumps(row),) for row in served], "value string")
    judged = with_outcome(checked(lines, TRACKS, Context(FETCHED)), TRACKS).collect()
    found = sorted((row["track_id"], row["name"], row["outcome"]) for row in judged)
    assert found == [
        (1, "New", "clean"),
        (1, "New", "duplicate"),
        (1, "New", "quarantined"),
        (1, "New", "quarantined"),
        (1, "Song", "duplicate"),
        (2, "Song", "clean"),
    ]


def test_texts_that_look_like_another_type_stay_texts(spark):
    names = ["99 Luftballons", "7", "-", "true", "false", "{", "[1]", '{"a": 1}', "null", "NaN"]
    found = judge(spark, TRACKS, [json.dumps({**TRACK, "name": name}) for name in names])
    assert [(row["name"], row["reasons"]) for row in found] == [(name, []) for name in names]


@pytest.mark.parametrize("name", ["99", "-1.5e3", "true", "false", "{}", '{"a": "b"}', "[]", '["x"]'])
def test_another_type_does_not_pass_for_a_text(spark, name):
    text = json.dumps(TRACK).replace('"Song"', name)
    assert [row["reasons"] for row in judge(spark, TRACKS, [text])] == [["name_wrong_type"]]


def test_what_is_not_json_is_no_row(spark):
    texts = [json.dumps(TRACK).replace('"Song"', name) for name in ("NaN", "'Song'")]
    assert [row["reasons"] for row in judge(spark, TRACKS, texts)] == [["not_an_object"]] * 2
