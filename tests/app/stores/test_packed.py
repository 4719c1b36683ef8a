import numpy as np
import pyarrow as pa
import pytest

from app.stores.packed import PackedLists, reasons, with_digits


def test_lists_are_found_by_key_and_cut():
    starts, heard = reasons(pa.chunked_array([[[7, 8], None], [[], [9]]], pa.list_(pa.int64())))
    packed = PackedLists(
        np.array([3, 3, 3, 9]), np.array([0, 1, 2, 3]), np.array([4.0, 3.0, 2.0, 1.0]), (starts, heard)
    )
    assert packed.ranked(packed.place(3), 2) == ([0, 1], [4.0, 3.0], [[7, 8], []])
    assert packed.ranked(packed.place(9), 5) == ([3], [1.0], [[9]])
    assert [packed.place(key) for key in (0, 4, 10)] == [-1, -1, -1]


def test_nothing_packed_finds_nothing():
    assert PackedLists(np.zeros(0, np.int64), np.zeros(0), np.zeros(0)).place(1) == -1


@pytest.mark.parametrize(
    ("prefix", "found"), [("1", [1, 10, 19, 100]), ("10", [10, 100]), ("0", [0]), ("3", []), ("9", [9, 2**63 - 1])]
)
def test_ids_are_found_by_their_first_digits(prefix, found):
    assert with_digits(np.array([0, 1, 2, 9, 10, 19, 100, 2**63 - 1]), prefix, 4) == found


def test_no_ids_have_no_digits():
    assert with_digits(np.zeros(0, np.int64), "1", 4) == []
