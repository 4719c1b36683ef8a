"""The base of checks by itself: dirty rows of every kind, as text and without Spark."""

import datetime
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conf.contract import ENTITIES, LISTENS, TRACKS, USERS, Field
from jobs.cleaning.forms import Context
from jobs.cleaning.judge import judged
from tests.jobs.cleaning.dirt import BAD_TRACKS, FETCHED, GOOD_TRACKS, TRACK, USER, text_of

CONTEXT = Context(FETCHED)
PLAYED = {"user_id": 7, "items": [1, 2], "created_at": "2024-01-01T10:00:00", "updated_at": "2024-01-01T10:00:00"}


def judge(entity, row):
    return judged(text_of(row), entity.fields, CONTEXT)


@pytest.mark.parametrize(("row", "reasons"), [pytest.param(row, reasons, id=name) for name, row, reasons in BAD_TRACKS])
def test_a_bad_track_has_the_reasons_that_apply_and_no_other(row, reasons):
    assert judge(TRACKS, row).reasons == reasons


@pytest.mark.parametrize("row", GOOD_TRACKS)
def test_what_is_normal_upstream_breaks_no_rule(row):
    assert judge(TRACKS, row).reasons == []


def test_values_are_those_of_the_table():
    row = json.dumps({**TRACK, "genres": None}).replace('"Song"', '"a \\ud83d\\ude00"')
    assert judge(TRACKS, row).values == {
        "id": 1,
        "name": "a \U0001f600",
        "artist": "Band",
        "songwriters": "Ann, Bob",
        "duration": 185,
        "genres": None,
        "album": "LP",
        "created_at": datetime.datetime(2024, 1, 1, 10, tzinfo=datetime.UTC),
        "updated_at": datetime.datetime(2024, 1, 2, 10, 0, 0, 123456, tzinfo=datetime.UTC),
    }


def test_a_bad_row_keeps_the_values_that_are_good():
    found = judge(TRACKS, {**TRACK, "id": -1, "duration": "3"})
    assert (found.values["id"], found.values["duration"], found.values["name"]) == (None, None, "Song")


@pytest.mark.parametrize(
    ("email", "reasons"),
    [
        ("ann@example.org", []),
        ("7@example.org", []),
        ("ann", ["email_malformed"]),
        ("a b@example.org", ["email_malformed"]),
        ("ann@host", ["email_malformed"]),
        ("@x.org", ["email_malformed"]),
        ("ann@example.org\n", ["email_malformed"]),
        ("", ["email_malformed"]),
        (5, ["email_wrong_type"]),
        (None, ["email_null"]),
    ],
)
def test_emails(email, reasons):
    assert judge(USERS, {**USER, "email": email}).reasons == reasons


@pytest.mark.parametrize(
    ("items", "reasons"),
    [([], ["items_empty"]), ("1,2", ["items_wrong_type"]), ({}, ["items_wrong_type"]), (None, ["items_null"])],
)
def test_a_list_that_is_none_or_empty_is_bad_as_a_whole(items, reasons):
    found = judge(LISTENS, {**PLAYED, "items": items})
    assert (found.reasons, found.values["items"] or None) == (reasons, None)


def test_each_bad_item_has_its_own_reasons():
    found = judge(LISTENS, {**PLAYED, "items": [10, None, "11", -3, 1.5, True, 2**63, [1]]})
    assert found.reasons == []
    assert found.values["items"] == [10, None, None, None, None, None, None, None]
    null, wrong, beyond = ["items_null"], ["items_wrong_type"], ["items_out_of_range"]
    assert found.item_reasons == [[], null, wrong, beyond, wrong, wrong, beyond, wrong]


def test_optional_fields_may_be_null_and_empty_but_not_missing():
    field = [Field("note", "text", required=False)]
    texts = ['{"note": null}', '{"note": ""}', "{}", '{"note": 1}']
    assert [judged(text, field, CONTEXT).reasons for text in texts] == [[], [], ["note_missing"], ["note_wrong_type"]]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
names = sorted({field.name for entity in ENTITIES.values() for field in entity.fields})
rows = st.dictionaries(st.sampled_from(names) | st.text(max_size=3), JSON, max_size=10).map(json.dumps)
# Texts that break off, or have something else in their midst.
spoiled = st.builds(
    lambda row, at, text: row[:at] + text + row[at + 1 :], rows, st.integers(0, 80), st.text(max_size=4)
)
any_text = st.text(st.characters(codec=None)) | rows | spoiled


@given(text=any_text, entity=st.sampled_from(sorted(ENTITIES)))
def test_every_text_is_judged(text, entity):
    fields = ENTITIES[entity].fields
    found = judged(text, fields, CONTEXT)
    assert found.values.keys() == {field.name for field in fields}
    if not found.reasons:
        assert all(found.values[field.name] is not None for field in fields if field.required)
