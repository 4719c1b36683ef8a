"""Dirty rows of every kind, with the reasons that a person would give."""

import datetime
import json

import pytest
from pyspark.sql import functions as F

from conf.contract import TRACKS, USERS
from jobs.cleaning import rows, typed
from jobs.cleaning.checks import checked
from jobs.cleaning.forms import Context
from jobs.cleaning.judge import judged
from tests.jobs.cleaning.dirt import BAD_TRACKS, FETCHED, GOOD_TRACKS, TRACK, USER, text_of, without


def judge(spark, entity, texts, timezone="UTC"):
    """Checked rows, in the order of the texts; on workers and here they are the same."""
    lines = spark.createDataFrame(list(enumerate(texts)), "at int, value string")
    ordered = lines.orderBy("at").coalesce(1).select("value")
    on_workers, here = (
        checked(ordered, entity, Context(FETCHED, timezone), small).collect() for small in (False, True)
    )
    assert here == on_workers
    return here


def test_each_bad_track_has_the_reasons_that_apply_and_no_other(spark):
    texts = [text_of(row) for _, row, _ in BAD_TRACKS]
    found = {name: row["reasons"] for (name, *_), row in zip(BAD_TRACKS, judge(spark, TRACKS, texts), strict=True)}
    assert found == {name: reasons for name, _, reasons in BAD_TRACKS}


def test_what_is_normal_upstream_passes_and_is_typed(spark):
    found = judge(spark, TRACKS, [text_of(row) for row in GOOD_TRACKS])
    assert [row["reasons"] for row in found] == [[]] * len(GOOD_TRACKS)
    assert [row["track_id"] for row in found][:2] == [2**63 - 1, 0]
    assert [row["duration_s"] for row in found][:2] == [185, 0]
    assert found[0]["name"] == "Song"


def test_spark_says_of_every_row_what_the_rules_in_python_say(spark):
    texts = [text_of(row) for row in (*GOOD_TRACKS, *(row for _, row, _ in BAD_TRACKS))]
    found = judge(spark, TRACKS, texts, "Europe/Paris")
    for text, row in zip(texts, found, strict=True):
        expected = judged(text, TRACKS.fields, Context(FETCHED, "Europe/Paris"))
        values = [utc(row[field.target]) for field in TRACKS.fields]
        assert ([*expected.values.values()], expected.reasons) == (values, row["reasons"]), text[:200]


def utc(value):
    return value.astimezone(datetime.UTC) if isinstance(value, datetime.datetime) else value


def test_rows_with_nothing_in_optional_fields_are_settled_by_the_quick_reading(spark):
    nothing = [{**TRACK, "genres": None}, {**TRACK, "genres": None, "album": None}, {**TRACK, "album": " "}]
    doubtful = [without(TRACK, "genres"), {**TRACK, "name": None}, {**TRACK, "genres": None, "id": "1"}]
    lines = spark.createDataFrame(
        [(at, json.dumps(row)) for at, row in enumerate(nothing + doubtful)], "at int, value string"
    )
    read = typed.read_typed(lines.orderBy("at").coalesce(1), TRACKS, Context(FETCHED)).collect()
    assert [row["fine"] for row in read] == [True, True, True, False, False, False]


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
    kept = [row["row"] for row in rows.quarantine(judged, USERS, datetime.date(2024, 3, 1)).collect()]
    assert rows.quarantine_here(judged, USERS, datetime.date(2024, 3, 1))["row"].to_pylist() == kept
    assert len(kept) == 3
    assert not [text for text in kept for secret in ("Ann", "Lee", "ann@", "5") if secret in text]
    assert any('"favorite_genres": "rock"' in text for text in kept)


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


def test_bytes_that_are_no_text_end_in_quarantine_or_as_a_replacement(spark):
    rows_ = [json.dumps({**TRACK, "id": at, "genres": "?", "name": "Song" if at else 5}) for at in (0, 1)]
    served = [(row.replace("?", "\udcff").encode(errors="surrogateescape"),) for row in [*rows_, "?"]]
    lines = spark.createDataFrame(served, "value binary").select(F.col("value").cast("string"))
    judged_ = rows.with_outcome(checked(lines, TRACKS, Context(FETCHED)), TRACKS)
    assert [row["track_id"] for row in rows.clean(judged_).select("track_id").collect()] == [1]
    kept = rows.quarantine(judged_, TRACKS, datetime.date(2024, 3, 1)).select("reasons", "row").collect()
    assert sorted(map(tuple, kept)) == [
        (["name_wrong_type"], rows_[0].replace("?", "\ufffd")),
        (["not_an_object"], "\ufffd"),
    ]
