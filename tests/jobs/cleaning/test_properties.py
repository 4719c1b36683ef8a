"""Whatever the rows: the accounting adds up, order and repetition do not matter, and no accepted row breaks a rule."""

import collections
import datetime
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import functions as F

from conf.contract import LISTENS, TRACKS
from jobs.cleaning import plays, rows, typed
from jobs.cleaning.checks import checked
from jobs.cleaning.clean import OUTCOMES, units
from jobs.cleaning.conversions import Context
from tests.jobs import raw
from tests.jobs.batches import in_spark

DATE = datetime.date(2024, 3, 1)
FETCHED = datetime.datetime(2024, 3, 3, tzinfo=datetime.UTC)
CONTEXT = Context(FETCHED)
USERS, KNOWN = {1, 2, 3}, {10, 11, 12}

EXAMPLES = in_spark(batches=2)

JUNK = [None, True, -1, 0, 1.5, 2**63 - 1, 2**63, 10**40, "", " ", "7", "ünï", [], [1], {}, {"a": "x@y.zz"}]
STAMPS = [
    "2024-02-28T10:00:00",
    "2024-02-28 10:00:00.123456",
    "2024-03-01T23:59:59.999999",
    "2024-03-02T00:00:00",
    "2024-03-09T00:00:00",
    "2024-02-30T10:00:00",
    "2024-02-28T10:00:00Z",
    "2024-02-28T10:00:00+02:00",
    "0000-01-01T00:00:00",
    "2024-02-28",
]
junk = st.sampled_from(JUNK)
stamps = st.sampled_from(STAMPS) | junk
items = st.lists(st.sampled_from([10, 11, 12, 99]) | junk, max_size=4) | junk
histories = st.fixed_dictionaries(
    {"user_id": st.sampled_from([1, 2, 3, 8]) | junk, "created_at": stamps},
    optional={"items": items, "updated_at": stamps, "other": junk},
)
tracks = st.fixed_dictionaries(
    {"id": st.sampled_from([1, 2, 3]) | junk, "name": st.text(max_size=3) | junk},
    optional={
        "artist": st.just("Band") | junk,
        "songwriters": st.just("Ann") | junk,
        "genres": st.just("rock") | junk,
        "album": st.just("LP") | junk,
        "duration": st.sampled_from(["03:05", "00:00", "3:5", "03:60"]) | junk,
        "created_at": stamps,
        "updated_at": stamps,
    },
)
# Half of the rows are good but for one field, so that the quick and the careful way both have work.
nearly = st.sampled_from(sorted(raw.track(1))).flatmap(
    lambda name: st.builds(lambda value: raw.track(1, **{name: value}), junk)
)
broken_lines = st.sampled_from(["", "{", "[]", "null", '[{"id": 1}]', '{"id": 1} x', '{"id": 1, "id": 2}'])


def lines(spark, texts):
    return spark.createDataFrame([(text,) for text in texts], "value string")


def texts_of(rows_):
    return [row if isinstance(row, str) else json.dumps(row) for row in rows_]


def judge_plays(spark, texts):
    judged = rows.with_outcome(checked(lines(spark, texts), LISTENS, CONTEXT), LISTENS)
    users = spark.createDataFrame([(one,) for one in USERS], "user_id bigint")
    known = spark.createDataFrame([(one,) for one in KNOWN], "track_id bigint")
    return units(plays.add_unknown(judged, users, "user_id", "unknown_user"), known, DATE)


def outcomes(frame, *columns):
    """How often each combination of values came out."""
    shown = [F.col(name).cast("string") for name in (*columns, "outcome", "reasons")]
    return collections.Counter(tuple(row) for row in frame.select(*shown).collect())


@pytest.fixture(scope="module")
def judge_tracks(spark):
    def judge(texts, small=False):
        return rows.with_outcome(checked(lines(spark, texts), TRACKS, CONTEXT, small), TRACKS)

    return judge


@given(found=st.lists(histories | broken_lines, min_size=40, max_size=80), order=st.randoms(use_true_random=False))
@EXAMPLES
def test_every_play_has_the_outcome_that_the_rules_give_it_in_any_order_of_rows(spark, found, order):
    texts = texts_of(found)
    judged = judge_plays(spark, texts).collect()
    assert {row["outcome"] for row in judged} <= set(OUTCOMES)
    assert sum(row["position"] in (None, 0) for row in judged) == len(texts)
    usable = [len(row["items"]) if isinstance(row, dict) and isinstance(row.get("items"), list) else 0 for row in found]
    assert len(judged) == sum(count or 1 for count in usable)
    for row in judged:
        assert (row["outcome"] == "quarantined") == (not good_play(served(row["value"]), row["position"])), row
    columns = ("user_id", "listened_at", "updated_at", "position", "track_id", "outcome", "reasons")
    shuffled = judge_plays(spark, order.sample(texts, len(texts))).collect()
    assert counted(judged, columns) == counted(shuffled, columns)


def counted(judged, columns):
    return collections.Counter(str([row[name] for name in columns]) for row in judged)


def served(text):
    """The row as Python reads it; None where it is no JSON."""
    try:
        return json.loads(text)
    except ValueError:
        return None


def good_play(served, position):
    """The rules once more, in Python."""
    if not isinstance(served, dict) or position is None:
        return False
    moments = [utc(served.get(name)) for name in ("created_at", "updated_at")]
    if not is_id(served.get("user_id")) or served["user_id"] not in USERS or None in moments or max(moments) > FETCHED:
        return False
    return is_id(served["items"][position]) and served["items"][position] in KNOWN


def is_id(value):
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def utc(text):
    if not isinstance(text, str) or not re.match(r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d", text):
        return None
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or datetime.UTC)


@given(found=st.lists(histories, min_size=20, max_size=60))
@EXAMPLES
def test_cleaning_what_is_clean_changes_nothing(spark, found):
    clean = [row for row in judge_plays(spark, texts_of(found)).collect() if row["outcome"] == "clean"]
    again = [
        raw.history(
            row["user_id"],
            [row["track_id"]],
            f"{row['listened_at']:%Y-%m-%dT%H:%M:%S.%f}",
            f"{row['updated_at']:%Y-%m-%dT%H:%M:%S.%f}",
        )
        for row in {(row["user_id"], row["listened_at"]): row for row in clean}.values()
    ]
    assert {row["outcome"] for row in judge_plays(spark, texts_of(again)).collect()} <= {"clean"}


@given(found=st.lists(tracks | nearly | broken_lines, min_size=30, max_size=80))
@EXAMPLES
def test_the_quick_reading_says_the_same_as_every_rule_asked(judge_tracks, found):
    texts = texts_of(found)
    columns = [field.target for field in TRACKS.fields]
    quick = outcomes(judge_tracks(texts), *columns)
    with pytest.MonkeyPatch.context() as patch:
        read = typed.read_typed
        patch.setattr(typed, "read_typed", lambda *given: read(*given).withColumn("fine", F.lit(False)))
        careful = outcomes(judge_tracks(texts), *columns)
    assert quick == careful == outcomes(judge_tracks(texts, small=True), *columns)
    assert quick.total() == careful.total() == len(texts)
