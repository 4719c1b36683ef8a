"""The edge of a job: how its process ends, and flags that were read once."""

import signal

import pytest

from conf import days, stopping
from conf.errors import BadSetting, Refused
from jobs.runtime import command


@pytest.fixture
def ended(monkeypatch):
    """The code that a piece of work ends the process with."""

    class EndedProcess(BaseException):
        pass

    def leave(code):
        raise EndedProcess(code)

    monkeypatch.setattr(command, "leave", leave)
    monkeypatch.setattr(stopping, "leave", lambda number: leave(128 + number))

    def of(work):
        with pytest.raises(EndedProcess) as end:
            command.answer(work)
        return end.value.args[0]

    return of


def raising(error):
    def work():
        raise error

    return work


@pytest.mark.parametrize(
    ("work", "code"),
    [
        (lambda: None, 0),
        (lambda: 2, 2),
        (raising(Refused("x")), 1),
        (raising(BadSetting("x")), 2),
        (raising(KeyError("x")), 1),
        (raising(KeyboardInterrupt()), 130),
        (raising(stopping.Stopped(signal.SIGTERM)), 143),
        (raising(BrokenPipeError()), 0),
        (raising(SystemExit(0)), 0),
    ],
)
def test_how_work_went_is_the_code(ended, work, code):
    assert ended(work) == code


def test_a_date_that_is_not_read_any_more_is_accepted_with_a_line(capsys):
    args = command.parser("Check.", "lake").parse_args(["--date=2024-03-01"])
    assert "--date is not read by" in capsys.readouterr().err
    assert args.date == days.today()


def test_a_step_needs_a_date_and_others_have_one_of_default():
    with pytest.raises(BadSetting, match="required: --date"):
        command.parser("Step.", "lake", date="required", step=True).parse_args([])
    assert command.parser("Look.", "lake", date="yesterday").parse_args([]).date == days.yesterday()
    assert command.parser("Do.", "lake", date="today").parse_args([]).date == days.today()
