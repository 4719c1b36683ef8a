"""Rows are kept as the very text that was served, whatever it holds."""

import json

import pytest

from tasks.api.api_errors import PassingFault
from tasks.api.body import FEW_VALUES, read_page
from tests.tasks.api.conftest import lines, track


def body(*rows: str) -> bytes:
    items = ",".join(rows)
    return f'{{"items":[{items}],"total":{len(rows)},"page":1,"size":10,"pages":1}}'.encode()


@pytest.mark.parametrize(
    "row",
    [
        '{"id":1.0e5}',
        '{"id":123456789012345678901234567890}',
        '{"id":' + "7" * 5000 + "}",
        '{"x":1e400,"y":0.1000000000000000055511151231257827}',
        '{"id":1,"id":2}',
        r'{"name":"\ud800 lone, \u0041 escaped, \/ slashed"}',
        '{"name":"ünïcödé 🎵 \u202e\u2028"}',
        '{ "spaced" :  [ 1 , 2 ] }',
        "null",
        '"text"',
        "[]",
    ],
)
def test_text_of_a_row_survives(row):
    assert read_page(body(row, '{"id":2}'), 1, 10).lines == [row.encode(), b'{"id":2}']


@pytest.mark.parametrize("count", [1, FEW_VALUES])
def test_rows_are_what_their_lines_say_whether_they_were_kept_or_not(count):
    items = list(range(count))
    page = read_page(body(json.dumps({"items": items}), "{}"), 1, 10)
    assert ("rows" in page.__dict__) == (count == 1)
    assert page.rows == [{"items": items}, {}]
    page.drop_rows()
    assert page.rows == [{"items": items}, {}]


def test_line_breaks_between_tokens_become_spaces():
    page = read_page(body('{\r\n "id": 1\n}'), 1, 10)
    assert page.lines == [b'{   "id": 1 }']
    assert page.rows == [{"id": 1}]


def test_order_and_spacing_of_the_envelope_do_not_matter():
    text = '\ufeff { "pages" : 1 , "size":10,"page":1, "total":1,\n"more":{"items":[3]}, "items" : [ {"id":1} ] } \n'
    assert read_page(text.encode(), 1, 10).lines == [b'{"id":1}']


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[]", "not JSON"),
        (body('{"id":1}')[:-1], "not JSON"),
        (body('{"id":1}') + b"x", "not JSON"),
        (body('{"id":1}').replace(b"}]", b"]"), "not JSON"),
        (b'{"items":[,],"total":0}', "not JSON"),
        (b'{"items":[1,],"total":1}', "not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        ("\ufeff{}".encode("utf-16"), "not UTF-8"),
        (body().decode().encode("utf-16-le"), "not UTF-8"),
        (b" <!DOCTYPE html><html>", "an HTML page where JSON is required"),
        (b'{"detail":"busy"}', "without items, total, page, size, pages"),
        (body().replace(b"[]", b"null"), "items that are no array"),
        (body().replace(b'"total":0', b'"total":"0"'), "no count of rows"),
        (body().replace(b'"page":1', b'"page":2'), "page 2 of size 10 where 1 of 10 was asked"),
        (body().replace(b'"size":10', b'"size":5'), "page 1 of size 5 where 1 of 10 was asked"),
        (body().replace(b'"total":0', b'"total":' + b"9" * 400), "no count of rows"),
        (body().replace(b'"total":0', b'"total":' + b"9" * 5000), "no count of rows"),
        (body(*"12345678912"), "more than the 10 rows that were asked for"),
        (body("1", "2").replace(b'"total":2', b'"total":3'), "2 rows where the total of 3 leaves 3"),
    ],
)
def test_what_is_not_the_page_is_named(text, found):
    with pytest.raises(PassingFault) as caught:
        read_page(text, 1, 10)
    assert found in str(caught.value)


def test_hostile_text_goes_through_unchanged(fetch, server, folder):
    hostile = [
        "'; DROP TABLE tracks; --",
        "<script>alert(1)</script>",
        "../../../../etc/passwd",
        "\u202egnirts\u202c \u200f",
        "line\nbreak\r\n\u2028 \x00 tab\t",
        "%s %n {0} ${HOME} `id`",
        "n" * 100_000,
    ]
    rows = [track(number) | {"name": text, text: "as a field's name"} for number, text in enumerate(hostile)]
    server.rows["/tracks"] = rows
    manifest = fetch()
    assert [json.loads(line) for line in lines(folder)] == rows
    assert set(manifest.new_fields) == set(hostile)
