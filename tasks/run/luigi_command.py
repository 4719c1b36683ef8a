"""What the command ``luigi --module tasks.daily …`` needs besides the tasks. Its program is Luigi's, with no line of ours around.

Luigi takes an exception for a fault of the program: it prints its stack, or goes on with other steps. A Refused that is
raised before a step runs, in a parameter, as a task is made, or in its ``requires`` or ``complete``, has to end the
command as it ends every other: by its line and code 1. So the three functions in which Luigi asks a task for these turn
it into a ``SystemExit`` here, at the command's edge. In ``run`` it is the failure of a step, which the console tells.
"""

import functools
import multiprocessing
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any

import luigi.worker
from luigi.cmdline_parser import CmdlineParser
from luigi.task_register import TaskClassException

from conf.errors import Refused, line
from tasks import observe

# Where Luigi parses and makes the task of the command line, asks whether one is complete, and what it requires.
ASKING = ((CmdlineParser, "get_task_obj"), (luigi.worker, "check_complete_cached"), (luigi.Task, "deps"))


def prepare() -> None:
    """Listen to the run that begins, and let what is refused end it."""
    observe.install()
    for owner, name in ASKING:
        setattr(owner, name, _ending(getattr(owner, name)))
    sys.excepthook = _told


def _ending(ask: Callable) -> Callable:
    @functools.wraps(ask)
    def asked(*args: Any, **kwargs: Any) -> Any:
        try:
            return ask(*args, **kwargs)
        except Refused as refusal:
            if multiprocessing.parent_process():  # the command waits for an answer of a process that Luigi forked
                raise
            raise SystemExit(line(refusal)) from refusal

    return asked


def _told(kind: type[BaseException], error: BaseException, stack: TracebackType | None) -> None:
    """A misspelt task is a person's mistake; of other errors that nothing caught the stack is printed, as ever."""
    if isinstance(error, TaskClassException):
        print(line(Refused(str(error))), file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, stack)
