"""A server that means harm costs no more than the deadline, bounded memory and one line."""

import pytest

from tests.hostile.__main__ import CASES, ask_all


@pytest.mark.slow
def test_each_hostile_server_is_done_with_in_time_in_bounded_memory_and_in_one_line():
    ended = ask_all(CASES)
    assert len(ended) >= 100
    assert {one.name: (one.faults, one) for one in ended if one.faults} == {}
