"""Errors that a person can act on, and the edge of a command, where one of them ends it.

::

    Exception
     +- Refused        the work cannot be done as asked, or with what was found; code 1
         +- CannotFit      no model comes of the data
         +- BadSetting     a word, setting, flag, folder or date is wrong: nothing was started; code 2

They are exceptions like others: ``except Exception`` catches them, and what passes them on need not know them.
Only the outermost lines of a command (its ``__main__``) turn one into an exit code and one line, by
:func:`refusals_told`. Luigi's own command has such lines in ``tasks/run/luigi_command.py``.
"""

import contextlib
import sys
from collections.abc import Iterator

from conf.advice import typed


class Refused(Exception):
    """One line: what was found, what was required, what to do."""

    code = 1  # of a command that it ends

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class CannotFit(Refused):
    """No model comes of these interactions with these parameters: there are none, or its factors are not finite."""


class BadSetting(Refused):
    """A value given by a user is not one that can be used."""

    code = 2


@contextlib.contextmanager
def refusals_told() -> Iterator[None]:
    """The edge of a command: a Refused ends it with its line on stderr and its code, without a stack."""
    try:
        yield
    except Refused as refusal:
        tell(refusal)
        raise SystemExit(refusal.code) from None


def tell(refusal: Refused) -> None:
    """Print the refusal as one line."""
    print(line(refusal), file=sys.stderr, flush=True)


def line(refusal: Refused) -> str:
    """What a person, and the step that started the command, reads: drivers quoted in it may have said several lines."""
    return f"error: {typed(' '.join(refusal.message.split()))}"
