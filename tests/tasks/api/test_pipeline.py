"""Pages side by side, in order, and only so many in memory."""

import threading

import pytest

from tasks.api.api_errors import LargePage
from tasks.api.pipeline import in_order


def test_order_is_kept_whoever_is_first():
    gate = threading.Event()

    def ask(number: int, alone: bool) -> int:
        if number == 0:
            assert gate.wait(5)
        if number == 3:
            gate.set()
        return number

    assert list(in_order(ask, range(20), 4)) == list(range(20))


def test_pages_that_nobody_takes_are_not_asked_for():
    asked = []

    def ask(number: int, alone: bool) -> int:
        asked.append(number)
        return number

    pages = in_order(ask, range(1000), 4)
    for taken in range(1, 50):
        next(pages)
        assert len(asked) <= taken + 2 * 4
    pages.close()


def test_what_is_left_is_not_asked_for_after_an_error():
    asked = []

    def ask(number: int, alone: bool) -> int:
        asked.append(number)
        return 1 // (number - 5)

    with pytest.raises(ZeroDivisionError):
        list(in_order(ask, range(1000), 2))
    assert max(asked) < 12


def test_what_is_too_large_is_asked_for_again_alone_when_it_is_its_turn():
    asked = []

    def ask(number: int, alone: bool) -> int:
        asked.append((number, alone))
        if number in (3, 4) and not alone:
            raise LargePage
        return number

    assert list(in_order(ask, range(20), 4)) == list(range(20))
    assert [number for number, alone in asked if alone] == [3, 4]
