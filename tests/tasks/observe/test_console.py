from conf.errors import Refused
from tasks.observe.console import message


def test_an_error_is_one_line_with_its_kind_unless_it_was_written_for_people():
    assert message(Refused("found 3,\n required 4")) == "found 3, required 4"
    assert message(ValueError("a\nb")) == "ValueError: a b"
