"""What the command ``luigi --module tasks.daily …`` needs besides the tasks. Its program is Luigi's, with no line of ours around.

Luigi takes an exception for a fault of the program: it prints its stack, or goes on with other steps. A Refused that is
raised before a step runs, in a parameter, as a task is made, or in its ``requires`` or ``complete``, has to end the
command as it ends every other: by its line and code. So the functions in which Luigi reads its command line and asks a
task for these turn it into a ``SystemExit`` here, at the command's edge. In ``run`` it is the failure of a step, which
the console tells.

What stops the command (:mod:`conf.stopping`) passes through Luigi as a KeyboardInterrupt. A step in a process of its own
ends that process, and luigid hears that the steps under way wait again: it would hold them for running, for a minute.
"""

import argparse
import contextlib
import contextvars
import functools
import multiprocessing
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any, NoReturn

import luigi.interface
import luigi.rpc
import luigi.worker
from luigi.cmdline_parser import CmdlineParser
from luigi.parameter import MissingParameterException
from luigi.scheduler import PENDING
from luigi.task_register import TaskClassException

from conf import days, stopping
from conf.errors import BadSetting, Refused, refusals_told, tell
from conf.nearest import meant
from tasks import observe
from tasks.run import luigi_lock

# Where Luigi reads a flag's value, makes the task of the command line, asks whether one is complete, and what it requires.
ASKING = (
    (luigi.interface, "core"),
    (CmdlineParser, "get_task_obj"),
    (luigi.worker, "check_complete_cached"),
    (luigi.Task, "deps"),
)
CORE = luigi.interface.core
IN_STEP = contextvars.ContextVar("in_step", default=False)
TELL_PATIENCE = 3  # seconds for luigid to hear that the command was stopped
HELP = "see luigi --module tasks.daily TASK --help"


def prepare() -> None:
    """Listen to the run that begins, and let what is refused end it. Its day stays the one on which it began."""
    days.hold()
    sys.excepthook = _told
    stopping.install()
    observe.install()
    with refusals_told():
        luigi_lock.install()
    for owner, name in ASKING:
        setattr(owner, name, _ending(getattr(owner, name)))
    setattr(luigi.worker.TaskProcess, "run", _step(luigi.worker.TaskProcess.run))  # noqa: B010
    setattr(luigi.worker.Worker, "__exit__", _left(luigi.worker.Worker.__exit__))  # noqa: B010
    setattr(CmdlineParser, "_build_parser", staticmethod(_strict(CmdlineParser._build_parser)))  # noqa: B010


def _strict(build: Callable[..., argparse.ArgumentParser]) -> Callable[..., argparse.ArgumentParser]:
    """Luigi's parser, whose mistakes are one line and whose flags are not abbreviated."""

    @functools.wraps(build)
    def built(*args: Any, **kwargs: Any) -> argparse.ArgumentParser:
        parser = build(*args, **kwargs)
        parser.allow_abbrev = False
        parser.error = functools.partial(_refuse, parser)  # type: ignore[method-assign]
        return parser

    return built


def _refuse(parser: argparse.ArgumentParser, message: str) -> NoReturn:
    unknown = message.partition("unrecognized arguments: ")[2].split(" ")[0].partition("=")[0]
    if unknown:
        flags = [word for action in parser._actions for word in action.option_strings]
        end(BadSetting(f"{unknown}: there is no such flag; {meant(unknown, flags, HELP)}"))
    end(BadSetting(f"{message.removeprefix('argument ')}; {HELP}"))


def end(refusal: Refused) -> NoReturn:
    """End the command by its line and code."""
    tell(refusal)
    raise SystemExit(refusal.code) from refusal


def _step(run: Callable) -> Callable:
    @functools.wraps(run)
    def marked(*args: Any) -> Any:
        token = IN_STEP.set(True)
        try:
            return run(*args)
        except KeyboardInterrupt as error:
            if multiprocessing.parent_process():  # the command itself says that it was stopped
                stopping.leave(stopping.number_of(error), quietly=True)
            raise
        finally:
            IN_STEP.reset(token)

    return marked


def _left(leave: Callable) -> Callable:
    @functools.wraps(leave)
    def left(worker: luigi.worker.Worker, kind: type[BaseException] | None, *more: Any) -> Any:
        if not kind or not issubclass(kind, KeyboardInterrupt):
            return leave(worker, kind, *more)
        # Luigi would first wait for its thread that talks to luigid: minutes, where that is away.
        for step in worker._running_tasks.values():
            if step.is_alive():
                step.terminate()
        if isinstance(worker._scheduler, luigi.rpc.RemoteScheduler):
            give_back(worker)
        return False

    return left


def give_back(worker: luigi.worker.Worker) -> None:
    """Tell luigid that the steps under way wait again; being stopped does not count as a failure."""
    worker._scheduler._rpc_retry_attempts, worker._scheduler._connect_timeout = 1, TELL_PATIENCE
    with contextlib.suppress(Exception):  # it takes them for failed in a minute
        for task_id in worker._running_tasks:
            # With a new requirement a step under way may go back, and the next command says again what it requires.
            worker._scheduler.add_task(worker=worker._id, task_id=task_id, status=PENDING, new_deps=[task_id])


def _ending(ask: Callable) -> Callable:
    @functools.wraps(ask)
    def asked(*args: Any, **kwargs: Any) -> Any:
        try:
            return ask(*args, **kwargs)
        except Refused as refusal:
            # A step's failure is told by the console; and the command waits for an answer of a process that it forked.
            if IN_STEP.get() or multiprocessing.parent_process():
                raise
            end(refusal)
        except MissingParameterException as error:
            end(BadSetting(f"{error}; {HELP}"))
        except ValueError as error:
            if ask is not CORE:
                raise
            end(BadSetting(f"a flag of luigi's own: {error}; {HELP}"))

    return asked


def _told(kind: type[BaseException], error: BaseException, stack: TracebackType | None) -> None:
    """A mistyped task or module is a user's mistake; of other errors that nothing caught the stack is printed, as ever."""
    if isinstance(error, KeyboardInterrupt):
        stopping.leave(stopping.number_of(error))
    if isinstance(error, TaskClassException):
        end(BadSetting(str(error)))
    if isinstance(error, ModuleNotFoundError) and (error.name or "").startswith("tasks."):
        end(BadSetting(f"--module: there is no {error.name}; did you mean tasks.daily?"))
    sys.__excepthook__(kind, error, stack)
