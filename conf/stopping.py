"""How every command ends when it is asked to stop.

By SIGTERM, by SIGINT (Ctrl-C), or by SIGHUP (its terminal is closed). The signal raises :class:`Stopped` in the main thread,
a KeyboardInterrupt, because libraries know that one: Luigi starts no further step, psycopg cancels its query, Spark's
client interrupts its operation on the server. What was opened is closed on the way out. The command's edge
(:func:`stoppable`) then ends what is still there of the processes that it started, says one line, and ends the process
with 128 and the signal's number.

Whatever holds it up, it ends within ``GRACE`` seconds. Further signals change nothing. A signal that was ignored when
the command started stays ignored: that is how ``nohup`` works. A reader that closes the pipe (``| head -1``) is no signal: the command
ends with code 0 and says nothing.
"""

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import NoReturn

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
GRACE = 15.0  # seconds from the signal to the end of the process
LOOK = 0.2  # seconds between two looks at whether the main thread has heard of it
LAST_WORDS = 1.0  # seconds for what is still to be written
AGAIN, STARTS = "the same command goes on where it stopped", "the same command starts it again"


class Stopped(KeyboardInterrupt):
    """The process was asked to stop, by the signal ``number``."""

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.number = number


class _Process:
    """What this process knows of being stopped."""

    def __init__(self) -> None:
        self.asked = 0  # the signal that stopped it first
        self.grace = GRACE
        self.again = AGAIN
        self.told = threading.Lock()  # held once the line is said
        self.noticed: socket.socket | None = None  # where the interpreter writes the number of each signal


_process = _Process()


@contextlib.contextmanager
def stoppable(grace: float = GRACE, again: str = AGAIN) -> Iterator[None]:
    """The edge of a command that can be stopped; ``again`` says what the same command does afterwards."""
    _process.grace, _process.again = grace, again
    install()
    try:
        yield
    except KeyboardInterrupt as error:
        leave(number_of(error))
    except BrokenPipeError:  # whoever read the output has enough
        if not _is_unread():  # it was another pipe, or a connection
            raise
        _drop_unread()
        raise SystemExit(0) from None
    finally:
        if _process.asked:  # a server has ended by it in its own way, or something was raised on the way out
            leave(_process.asked)
        _drop_unread()


def install() -> None:
    """Let the signals that are not ignored stop this process."""
    _open_output()
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)
    if not _process.noticed:
        reader, _process.noticed = socket.socketpair()
        _process.noticed.setblocking(False)
        signal.set_wakeup_fd(_process.noticed.fileno(), warn_on_full_buffer=False)
        with contextlib.suppress(RuntimeError):  # the machine gives no thread, or the interpreter is at its end
            threading.Thread(target=_watch, args=[reader], name="stopping", daemon=True).start()


def _open_output() -> None:
    """Where an output was closed when the process began (``2>&-``) Python has none, and ``print`` would take the other."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 - for as long as the process lives


def keep() -> None:
    """Take the signals back from a library that has taken them, where they were this process' own."""
    if _process.noticed:
        install()


def ours() -> list[signal.Signals]:
    """The signals that stop this process: those that it does not ignore, once :func:`install` was called."""
    return [number for number in SIGNALS if signal.getsignal(number) is _stop]


def then(again: str) -> None:
    """What the same command does once this one was stopped."""
    _process.again = again


def _stop(number: int, frame: FrameType | None) -> None:
    if not _process.asked:
        _process.asked = number
        raise Stopped(number)


def _watch(reader: socket.socket) -> None:
    """End the process when its time is over, even if the main thread is in a library that lets no signal through."""
    while told := reader.recv(1):
        if signal.getsignal(told[0]) is not _stop:  # a prompt's Ctrl-C, for one, is its own
            continue
        until = time.monotonic() + _process.grace
        while time.monotonic() < until:
            time.sleep(LOOK)
            if not _process.asked:  # it came just as the main thread began to wait, which it does not interrupt
                signal.pthread_kill(threading.main_thread().ident or 0, told[0])
        leave(_process.asked or told[0])


def _forget() -> None:
    """A forked process writes nothing to the one that it comes from: that would be taken for its own signal."""
    if _process.noticed:
        signal.set_wakeup_fd(-1)
        _process.told = threading.Lock()


os.register_at_fork(after_in_child=_forget)


def _is_unread() -> bool:
    """Whether nobody reads the output any more."""
    for stream in (sys.stdout, sys.stderr):
        looked = select.poll()
        with contextlib.suppress(OSError, ValueError):  # it is closed
            looked.register(stream.fileno(), 0)
            if any(found & select.POLLERR for _, found in looked.poll(0)):
                return True
    return False


def _drop_unread() -> None:
    """Where nobody reads the output any more, the interpreter would complain of it at its end, and change the code."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def number_of(error: KeyboardInterrupt) -> int:
    """The signal that the exception stands for. Python's own handler, and Spark's, tell of SIGINT alone."""
    return error.number if isinstance(error, Stopped) else _process.asked or signal.SIGINT


def tell(number: int) -> None:
    """Say once that the process was stopped."""
    if _process.told.acquire(blocking=False):
        with contextlib.suppress(OSError, ValueError):  # the terminal is closed
            print(f"stopped by {signal.Signals(number).name}; {_process.again}", file=sys.stderr, flush=True)


def leave(number: int, quietly: bool = False) -> NoReturn:
    """End the process at once: no thread is waited for, and nothing that was to happen at its end begins."""
    if not quietly:
        _briefly(lambda: tell(number))
    _kill_descendants()
    for stream in (sys.stdout, sys.stderr):
        _briefly(stream.flush)
    os._exit(128 + number)


def _briefly(write: Callable[[], object]) -> None:
    """Write, unless that takes long: a reader of the output that does not read would hold up the end."""

    def attempt() -> None:
        with contextlib.suppress(Exception):
            write()

    thread = threading.Thread(target=attempt, daemon=True)
    try:
        thread.start()
    except RuntimeError:  # the machine gives no thread
        attempt()
    else:
        thread.join(LAST_WORDS)


def _kill_descendants() -> None:
    """What was started and is still there had its time to end."""
    import psutil  # 20 ms that only a command which is stopped waits for

    with contextlib.suppress(psutil.Error):
        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.kill()


def end(process: subprocess.Popen, patience: float) -> None:
    """End a process and its group: asked first, then killed, waiting so many seconds for each."""
    for sent in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, sent)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=patience)
            break
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # those of the group that outlived it
