"""Odd text in rows of the API: what is taken, what is quarantined and why, and that quarantine keeps it to the letter."""

import argparse
import datetime
import json
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conf.contract import TRACKS, USERS
from conf.settings import LakeSettings, Settings
from jobs.cleaning import clean, forms
from jobs.cleaning.as_served import served
from jobs.cleaning.checks import checked
from jobs.cleaning.forms import Context
from jobs.cleaning.judge import judged
from jobs.cleaning.suppressed import parsed
from jobs.privacy.plan import is_theirs
from jobs.runtime.command import Job
from lake.access import Lake
from lake.suppression import user_of
from tasks.api.body import read_page
from tests.jobs import raw
from tests.jobs.batches import in_spark

DAY = datetime.date(2024, 3, 1)
CONTEXT = Context(datetime.datetime(2024, 3, 2, 1, tzinfo=datetime.UTC))
# What Unicode counts as letters or symbols, though nothing is shown: Hangul fillers, Braille's blank, a null note.
EMPTY_SYMBOLS = {"\u115f", "\u1160", "\u3164", "\uffa0", "\u2800", "\U0001d159"}
# Of format these alone are drawn: signs that stand before Arabic, Syriac and Kaithi numbers.
DRAWN = set("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")


def written(**values):
    """A good track with values as they stand in the text."""
    text = json.dumps(raw.track(1))
    for name, value in values.items():
        text = text.replace(f'"{name}": {json.dumps(raw.track(1)[name])}', f'"{name}": {value}')
    return text


def reasons(text, entity=TRACKS):
    return judged(text, entity.fields, CONTEXT).reasons


BLANKS = {
    "no character": "",
    "a tab": "\t",
    "a line break": "\n",
    "a no-break space": "\u00a0",
    "an ideographic space": "\u3000",
    "a zero-width space": "\u200b",
    "a joiner and a non-joiner": "\u200d\u200c",
    "a word joiner": "\u2060",
    "a byte order mark": "\ufeff",
    "a soft hyphen": "\u00ad",
    "direction marks": "\u200e\u200f\u202e\u2066\u2069",
    "a Hangul filler": "\u3164",
    "a half-width Hangul filler": "\uffa0",
    "Braille's pattern without dots": "\u2800",
    "a variation selector": "\ufe0f",
    "tags": "\U000e0041\U000e007f",
    "a NUL": "\x00",
    "a Mongolian vowel separator": "\u180e",
    "a combining grapheme joiner": "\u034f",
    "an end of guarded area": "\u0097",
    "many at once": " \t\u200b\u3164\u2800 ",
}
SHOWN = {
    "one letter among blanks": "\u200b a\u3000",
    "an accent alone": "\u0301",
    "a flag made of a joiner": "\U0001f3f4\u200d\u2620\ufe0f",
    "a name that begins with a direction mark": "\u200f\u05e9\u05dc\u05d5\u05dd",
    "a NUL within": "a\x00b",
    "a mark that stands for an object": "\ufffc",
    "an Arabic number sign": "\u0600",
    "digits alone": "1979",
    "a question mark": "?",
    "a replacement character": "\ufffd",
    "a character for private use": "\ue000",
}
# What the API served in place of a name, and the reasons.
NAMES = {
    "half a pair": (r'"a \ud800 b"', ["name_malformed"]),
    "the other half": (r'"\uDC00"', ["name_malformed"]),
    "a pair the wrong way round": (r'"\udc00\ud800"', ["name_malformed"]),
    "half a pair behind an escaped backslash": (r'"\\ud83d\udc00"', ["name_malformed"]),
    "half a pair, though a repeated name follows": (r'"\ud800", "name": "good"', []),
    "a whole pair": (r'"\ud83d\ude00"', []),
    "the letters of an escape": (r'"\\ud800"', []),
    "a Hangul syllable as an escape": (r'"\ud55c"', []),
    "a bare tab": ('"a\tb"', ["not_an_object"]),
}
# What the API served in place of an id, and the reasons.
IDS = {
    "-0": [],
    "0": [],
    "9223372036854775807": [],
    "9223372036854775808": ["id_out_of_range"],
    "-9223372036854775809": ["id_out_of_range"],
    "-1": ["id_out_of_range"],
    "7" * 400: ["id_out_of_range"],
    "7" * 5000: ["id_out_of_range"],
    "1.0": ["id_wrong_type"],
    "-0.0": ["id_wrong_type"],
    "1e2": ["id_wrong_type"],
    "1e400": ["id_out_of_range"],
    "-1e400": ["id_out_of_range"],
    "1." + "0" * 5000: ["id_wrong_type"],
    "true": ["id_wrong_type"],
    '"1"': ["id_wrong_type"],
    "{}": ["id_wrong_type"],
    "NaN": ["not_an_object"],
    "-Infinity": ["not_an_object"],
    "+1": ["not_an_object"],
    "01": ["not_an_object"],
    ".5": ["not_an_object"],
    "0x10": ["not_an_object"],
    "1, 2": ["not_an_object"],
    '"x", "id": 1': [],
    '1, "id": "x"': ["id_wrong_type"],
    '1, "id": null': ["id_null"],
    '1, "Id": 2': [],
}


@pytest.mark.parametrize("name", BLANKS.values(), ids=list(BLANKS))
def test_a_name_that_shows_nothing_is_empty(name):
    assert reasons(json.dumps(raw.track(1, name=name))) == ["name_empty"]
    assert reasons(json.dumps(raw.user(1, last_name=name), ensure_ascii=False), USERS) == ["last_name_empty"]
    assert reasons(json.dumps(raw.track(1, genres=name))) == []  # an optional text may be empty


@pytest.mark.parametrize("name", SHOWN.values(), ids=list(SHOWN))
def test_a_name_that_shows_something_is_a_name(name):
    found = judged(json.dumps(raw.track(1, name=name)), TRACKS.fields, CONTEXT)
    assert (found.reasons, found.values["name"]) == ([], name)


def test_blank_is_what_unicode_gives_no_shape():
    for code in range(sys.maxunicode + 1):
        sign = chr(code)
        kind = unicodedata.category(sign)
        if kind in ("Cc", "Cf", "Zs", "Zl", "Zp"):
            assert forms.blank(sign) is (sign not in DRAWN), hex(code)
        elif kind[0] in "LNPS" or kind == "Co":
            assert forms.blank(sign) is (sign in EMPTY_SYMBOLS), hex(code)


@pytest.mark.parametrize(("name", "expected"), NAMES.values(), ids=list(NAMES))
def test_half_of_a_surrogate_pair_is_no_text(name, expected):
    assert reasons(written(name=name)) == expected
    assert "?" not in str(judged(written(name=name), TRACKS.fields, CONTEXT).values["name"])


def test_half_of_a_surrogate_pair_is_bad_in_optional_texts_and_addresses_but_not_where_nobody_reads():
    assert reasons(written(genres=r'"rock \udfff"')) == ["genres_malformed"]
    address = json.dumps(raw.user(1)).replace("ann1@", r"ann\ud800@")
    assert reasons(address, USERS) == ["email_malformed"]
    assert reasons(written(id=r'1, "\ud800": "\ud800"')) == []


@pytest.mark.parametrize(("number", "expected"), IDS.items(), ids=[text[:20] for text in IDS])
def test_an_id_is_a_whole_number_as_it_is_written(number, expected):
    assert reasons(written(id=number)) == expected
    assert judged(written(id="-0"), TRACKS.fields, CONTEXT).values["id"] == 0


def test_of_a_repeated_name_the_last_counts_in_cleaning_and_in_the_suppression_list():
    text = '{"id": 1, "email": "a@b.cc", "id": 17}'
    assert judged(text, USERS.fields, CONTEXT).values["id"] == 17
    assert user_of(USERS, parsed(text.encode())) == 17


@pytest.mark.parametrize("other", ["7" * 5000, "NaN", "-Infinity", "1e400", r'"\ud800"', "[" * 500 + "]" * 500])
def test_a_user_on_the_suppression_list_is_found_beside_any_value(other):
    text = f'{{"id": 17, "x": {other}}}'
    assert user_of(USERS, parsed(text.encode())) == 17
    assert is_theirs(USERS, text, 17)


def test_a_row_nested_ten_thousand_levels_deep_is_quarantined_to_the_letter():
    deep = written(name="[" * 10_000 + "]" * 10_000)
    deeper = written(name="[" * 100_000 + "]" * 100_000)
    assert [reasons(text)[:1] for text in (deep, deeper)] in (
        [["not_an_object"], ["not_an_object"]],
        [["name_wrong_type"], ["not_an_object"]],  # as far as this Python reads
    )
    assert (served(deep, TRACKS), served(deeper, TRACKS)) == (deep, deeper)
    assert parsed(deeper.encode()) is None


odd_numbers = st.sampled_from([number for number, found in IDS.items() if found != ["not_an_object"]])
odd_texts = st.sampled_from([json.dumps(text) for text in (*BLANKS.values(), *SHOWN.values())]) | st.sampled_from(
    [name for name, found in NAMES.values() if found != ["not_an_object"]]
)
blanks = st.text(" \t", max_size=2)
values = st.recursive(
    odd_numbers.filter(lambda text: '"id"' not in text.lower())
    | odd_texts.filter(lambda text: '"name"' not in text)
    | st.sampled_from(["null", "true", "false"])
    | st.floats(allow_nan=False, allow_infinity=False).map(repr)
    | st.text(st.characters(codec="utf-8"), max_size=4).map(json.dumps)
    | st.text(st.characters(codec="utf-8"), max_size=4).map(lambda text: json.dumps(text, ensure_ascii=False)),
    lambda inner: st.builds(
        lambda items, gap: "[" + f"{gap},{gap}".join(items) + "]", st.lists(inner, max_size=3), blanks
    ),
    max_leaves=4,
)
fields = st.sampled_from(sorted(raw.track(1))) | st.text(st.characters(codec="utf-8"), max_size=3)
# Objects as an API could write them: any spelling of a number or text, repeated names, white space.
rows = st.builds(
    lambda members, gap: "{" + f"{gap},{gap}".join(f"{json.dumps(name)}{gap}:{value}" for name, value in members) + "}",
    st.lists(st.tuples(fields, values), max_size=12),
    blanks,
)
nearly = st.builds(lambda name, value: written(**{name: value}), st.sampled_from(sorted(raw.track(1))), values)


@given(texts=st.lists(rows | nearly, max_size=5))
def test_any_row_reaches_quarantine_to_the_letter(texts):
    body = f'{{"items": [{",".join(texts)}], "total": {len(texts)}, "page": 1, "size": 5, "pages": 1}}'
    lines = [line if isinstance(line, str) else line.decode() for line in read_page(body.encode(), 1, 5).lines]
    assert lines == texts
    assert [served(text, TRACKS) for text in texts] == texts


@given(found=st.lists(rows | nearly, min_size=60, max_size=100))
@in_spark()
def test_spark_says_of_any_row_what_the_rules_in_python_say(spark, found):
    examples = [
        *(json.dumps(raw.track(1, name=name), ensure_ascii=at % 2) for at, name in enumerate(BLANKS.values())),
        *(json.dumps(raw.track(1, name=name), ensure_ascii=at % 2) for at, name in enumerate(SHOWN.values())),
        *(written(name=name) for name, _ in NAMES.values()),
        *(written(id=number) for number in IDS),
    ]
    texts = examples + found
    lines = spark.createDataFrame(list(enumerate(texts)), "at int, value string")
    in_order = lines.orderBy("at").coalesce(1).select("value")
    for text, row in zip(texts, checked(in_order, TRACKS, CONTEXT, small=True).toArrow().to_pylist(), strict=True):
        expected = judged(text, TRACKS.fields, CONTEXT)
        values_ = [row[field.target] for field in TRACKS.fields]
        assert (values_, row["reasons"]) == ([*expected.values.values()], expected.reasons), text[:200]


def test_a_snapshot_of_odd_rows_is_cleaned_and_its_bad_rows_are_kept_to_the_letter(spark, tmp_path):
    long = "n" * 2**20
    good = [
        raw.track(1, name=long),
        raw.track(2, name="\u200f\u05e9\u05dc\u05d5\u05dd"),
        raw.track(3, name="a\x00b \U0001f600"),
        written(id="-0"),
        raw.track(4, created_at="0001-01-01T00:00:00", updated_at="1582-10-10T00:00:00.1234567"),
        *(raw.track(number) for number in range(5, 40)),
    ]
    bad = [
        written(name=r'"half \ud800"'),
        written(id="1.0"),
        written(id="-0", name="null"),
        written(id="7" * 400),
        written(id='1,  "id" :1e2'),
        written(name='"\\u200b\u3164"'),
        written(name="[" * 2000 + "]" * 2000),
        written(id='1, "x": NaN'),
        written(name=json.dumps(long) + ', "id": true'),
        written(created_at='"0001-01-01T00:00:00+02:00"'),
    ]
    raw.write(tmp_path, "tracks", DAY, [*good, *bad])
    args = argparse.Namespace(entity="tracks", snapshot_date=None, revision=1)
    figures = clean.main(Job(DAY, Settings(lake=LakeSettings(root=str(tmp_path))), args))
    assert (figures["clean"], figures["quarantined"]) == (len(good), len(bad))
    lake = Lake(str(tmp_path))
    names = {row["track_id"]: row["name"] for row in lake.rows("tracks", columns=["track_id", "name"])}
    assert [names[number] for number in range(4)] == [
        "Song 1",
        long,
        "\u200f\u05e9\u05dc\u05d5\u05dd",
        "a\x00b \U0001f600",
    ]
    assert sorted(row["row"] for row in lake.rows("quarantine")) == sorted(bad)
