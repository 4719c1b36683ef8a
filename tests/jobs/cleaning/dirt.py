"""Rows of tracks and users as an API could serve them, with the reasons that a person would give."""

import datetime
import json

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


def without(row, name):
    return {key: value for key, value in row.items() if key != name}


def written(**values):
    """The track with values as they stand in the text."""
    text = json.dumps(TRACK)
    for name, value in values.items():
        text = text.replace(f'"{name}": {json.dumps(TRACK[name])}', f'"{name}": {value}')
    return text


def text_of(row):
    return row if isinstance(row, str) else json.dumps(row)


BAD_TRACKS = [
    ("not an object", '["a", "list"]', ["not_an_object"]),
    ("a list of one object", json.dumps([TRACK]), ["not_an_object"]),
    ("not JSON", '{"id": 1', ["not_an_object"]),
    ("no text", "", ["not_an_object"]),
    ("blanks", "  ", ["not_an_object"]),
    ("null", "null", ["not_an_object"]),
    ("a byte order mark", "\ufeff" + json.dumps(TRACK), ["not_an_object"]),
    ("a comma too many", json.dumps(TRACK)[:-1] + ",}", ["not_an_object"]),
    ("NaN", written(name="NaN"), ["not_an_object"]),
    ("infinity in a field that nobody knows", written(id='1, "x": -Infinity'), ["not_an_object"]),
    ("single quotes", written(name="'Song'"), ["not_an_object"]),
    ("a bare line break in a text", written(name='"a\tb"'), ["not_an_object"]),
    ("an escape that JSON does not know", written(name='"\\x41"'), ["not_an_object"]),
    ("a number with a leading zero", written(id="01"), ["not_an_object"]),
    # Python 3.13 reads 5,000 levels.
    ("nested too deep to be read", written(name="[" * 20_000 + "]" * 20_000), ["not_an_object"]),
    ("id missing", without(TRACK, "id"), ["id_missing"]),
    ("id null", {**TRACK, "id": None}, ["id_null"]),
    ("id as a text", {**TRACK, "id": "1"}, ["id_wrong_type"]),
    ("id true", {**TRACK, "id": True}, ["id_wrong_type"]),
    ("id with places", {**TRACK, "id": 1.5}, ["id_wrong_type"]),
    ("id with a place of 0", written(id="1.0"), ["id_wrong_type"]),
    ("id with an exponent", written(id="1e2"), ["id_wrong_type"]),
    ("negative id", {**TRACK, "id": -1}, ["id_out_of_range"]),
    ("id of 2 to the 63", {**TRACK, "id": 2**63}, ["id_out_of_range"]),
    ("id of 60 digits", {**TRACK, "id": 10**60}, ["id_out_of_range"]),
    ("negative id of 60 digits", {**TRACK, "id": -(10**60)}, ["id_out_of_range"]),
    ("id of 5,000 digits", written(id="7" * 5000), ["id_out_of_range"]),
    ("id of 1e400", written(id="1e400"), ["id_out_of_range"]),
    ("id null where it is repeated", written(id='1, "id": null'), ["id_null"]),
    ("id a text where it is repeated", written(id='1, "id": "x"'), ["id_wrong_type"]),
    ("name empty", {**TRACK, "name": " "}, ["name_empty"]),
    ("name of zero-width spaces", {**TRACK, "name": "\u200b\u200b"}, ["name_empty"]),
    ("name with half of a surrogate pair", written(name='"half \\ud800 a pair"'), ["name_malformed"]),
    ("genres with half of a surrogate pair", written(genres='"\\udfff"'), ["genres_malformed"]),
    ("name a number", {**TRACK, "name": 5}, ["name_wrong_type"]),
    ("name of 1e400", written(name="1e400"), ["name_wrong_type"]),
    ("name null", {**TRACK, "name": None}, ["name_null"]),
    ("name an object", {**TRACK, "name": {"a": "b"}}, ["name_wrong_type"]),
    ("name false", {**TRACK, "name": False}, ["name_wrong_type"]),
    ("name nested deep", written(name="[" * 400 + "]" * 400), ["name_wrong_type"]),
    ("genres missing", without(TRACK, "genres"), ["genres_missing"]),
    ("genres elsewhere alone", {**without(TRACK, "genres"), "x": {"genres": None}}, ["genres_missing"]),
    ("genres a number", {**TRACK, "genres": 3}, ["genres_wrong_type"]),
    ("duration without seconds", {**TRACK, "duration": "3"}, ["duration_malformed"]),
    ("75 seconds", {**TRACK, "duration": "03:75"}, ["duration_malformed"]),
    ("a line break behind the duration", {**TRACK, "duration": "03:05\n"}, ["duration_malformed"]),
    ("Arabic digits", {**TRACK, "duration": "\u0663:05"}, ["duration_malformed"]),
    ("30 February", {**TRACK, "created_at": "2024-02-30T10:00:00"}, ["created_at_malformed"]),
    ("a date without a time", {**TRACK, "created_at": "2024-02-01"}, ["created_at_malformed"]),
    ("a stamp that is a number", {**TRACK, "created_at": 1704103200}, ["created_at_wrong_type"]),
    ("before year 1 in UTC", {**TRACK, "created_at": "0001-01-01T00:00:00+02:00"}, ["created_at_malformed"]),
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
    {**TRACK, "created_at": "2024-01-01t10:00z", "updated_at": "2024-01-02T10:00:00.1234567"},
    {**TRACK, "updated_at": "2023-01-01T00:00:00"},  # before created_at: normal upstream
    {**TRACK, "updated_at": "2024-03-02T01:00:00"},  # the fetch's own moment
    {**TRACK, "songwriters": None, "genres": None, "album": None},
    {**TRACK, "songwriters": "", "genres": " "},
    {**TRACK, "unknown_field": {"a": 1}},
    {**TRACK, "name": "a\u0000b \U0001f600"},
    written(name='"a pair \\ud83d\\ude00"'),
    written(id='"x", "id": 1'),  # of a repeated name the last counts
    json.dumps(TRACK).replace('"name"', '"na\\u006de"'),
    "  " + json.dumps(TRACK),
    json.dumps(TRACK) + " and more",
]
