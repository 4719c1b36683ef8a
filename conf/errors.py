"""Errors that a person can act on.

Both are ``SystemExit``: a command that nobody stops ends with code 1 and the one line they hold,
with no stack. Code that wants to handle them catches them by name.

::

    SystemExit
     +- Refused        the work cannot be done as asked, or with what was found
         +- BadSetting     a setting, flag or date is wrong: nothing was started
"""


class Refused(SystemExit):
    """One line: what was found, what was required, what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple:
        return (type(self), (self.message,))


class CannotFit(Refused):
    """No model comes of these interactions with these parameters: there are none, or its factors are not finite."""


class BadSetting(Refused):
    """A value given by a person is not one that can be used."""
