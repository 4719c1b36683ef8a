"""What a page would take in memory is known before it is parsed."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.api.api_errors import BadAnswer
from tasks.api.shape import DEEPEST, MOST_VALUES, check_shape


@pytest.mark.parametrize("unit", [b"[]", b"{}", b"1", b'"a"', b'{"":0}', b'{"a":[1]}'])
def test_a_page_of_too_many_values_is_refused(unit):
    with pytest.raises(BadAnswer, match=rf"found a page of more than {MOST_VALUES:,} values; lower \[api\] page_size"):
        check_shape(b'{"items":[' + b",".join([unit] * (MOST_VALUES + 1)) + b"]}")


@pytest.mark.parametrize(("left", "right"), [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"[":', b"}]"), (b" [ \n", b"]")])
def test_a_page_of_too_many_levels_is_refused(left, right):
    with pytest.raises(BadAnswer, match=f"found a page with more than {DEEPEST} levels"):
        check_shape(left * (DEEPEST + 1) + right * (DEEPEST + 1))


def test_as_many_levels_as_are_taken_pass():
    check_shape(b"[" * DEEPEST + b"]" * DEEPEST)


@pytest.mark.parametrize(
    "text", ["[" * 1000, "," * (MOST_VALUES + 1), '"' * 1000, "\\" * 1001, '\\"[' * 1000, '{"' * 1000]
)
def test_marks_inside_of_texts_do_not_count(text):
    check_shape(json.dumps([{"name": text, text: 1}]).encode())


@pytest.mark.parametrize("body", [b"", b"]" * 100, b'"', b'["', b"\\", b'"\\', b"\xff\xfe"])
def test_whether_it_is_json_is_not_asked(body):
    check_shape(body)


SCALARS = st.text(max_size=20) | st.integers()


@settings(max_examples=30, deadline=None)
@given(
    st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner), max_leaves=10)
)
def test_whatever_is_small_passes(value):
    check_shape(json.dumps(value).encode())
