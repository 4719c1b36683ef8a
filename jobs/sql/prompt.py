"""The prompt: reads a statement and shows its result, until the user leaves."""

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, Protocol

import pyarrow as pa
from prompt_toolkit import PromptSession
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.lexers import PygmentsLexer
from pygments.lexers.sql import SqlLexer

from conf.stopping import Stopped
from jobs.sql import answers, failures, rendering
from jobs.sql.completion import NameCompleter
from jobs.sql.statements import finished, split
from lake.access import Lake
from lake.layout import state_folder

SHOWN = 1000  # rows of a result that a table shows
LESS = ["less", "-SRX", "-Pq leaves, the arrows scroll"]


class Runs(Protocol):
    """What the prompt needs of :class:`~jobs.sql.engine.Engine`."""

    lake: Lake

    def run(self, statement: str, at_most: int | None = None) -> pa.Table: ...

    def stop(self) -> None: ...


def history() -> History:
    file = state_folder() / "sql_history"
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.touch(mode=0o600)
    except OSError:  # a home that cannot be written: what was typed is kept until the end
        return InMemoryHistory()
    return FileHistory(str(file))


def session(kept: History, **given: Any) -> PromptSession:
    """Reads a statement over several lines; ``given`` puts other input and output in place of the terminal."""
    return PromptSession(
        "sql> ",
        prompt_continuation="  -> ",
        multiline=True,
        history=kept,
        completer=NameCompleter(),
        complete_while_typing=True,
        lexer=PygmentsLexer(SqlLexer),
        key_bindings=bindings(),
        **given,
    )


def bindings() -> KeyBindings:
    """Enter takes a chosen completion, else ends what is complete, else begins a new line."""
    keys = KeyBindings()

    @keys.add("enter")
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.complete_state and buffer.complete_state.current_completion:
            buffer.complete_state = None
        elif complete(buffer.text):
            buffer.validate_and_handle()
        else:
            buffer.insert_text("\n")

    return keys


def complete(text: str) -> bool:
    """Whether what was typed can be answered: a command, or SQL up to its ``;``."""
    first = text.strip().split(None, 1)[:1]
    is_command = "\n" not in text.strip() and (
        answers.leaves(text) or first in (["help"], ["tables"], ["?"], ["describe"])
    )
    return is_command or text.lstrip().startswith("\\") or finished(text)


def loop(engine: Runs, prompt: PromptSession, show: Callable[[str], None]) -> None:
    """Answer until the user leaves by ``exit`` or Ctrl-D; Ctrl-C drops what is being typed, or stops a query."""
    while True:
        try:
            text = prompt.prompt()
        except Stopped:
            raise
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
        if answers.leaves(text):
            return
        answer = answers.answer(text, engine.lake)
        if answer is not None:
            print("\n".join(cut(line, shutil.get_terminal_size().columns) for line in answer.splitlines()))
            continue
        for statement in split(text):
            if not answered(engine, statement, show):
                break


def cut(line: str, width: int) -> str:
    return line if len(line) <= width else line[: width - 1] + "…"


def answered(engine: Runs, statement: str, show: Callable[[str], None]) -> bool:
    """Run a statement and show its rows, or why there are none; the prompt outlives whatever happens."""
    began = time.monotonic()
    try:
        rows = engine.run(statement, SHOWN + 1)
        show(f"{rendering.as_table(rows, SHOWN).rstrip()} in {time.monotonic() - began:.1f} s\n")
    except Stopped:
        raise
    except KeyboardInterrupt:
        stop(engine)
        print("stopped", file=sys.stderr)
        return False
    except Exception as error:
        print(failures.text(error, statement), file=sys.stderr)
        return False
    return True


def stop(engine: Runs) -> None:
    """Interrupt the query on the server; one that is gone, or a second Ctrl-C, does not matter."""
    with contextlib.suppress(Exception, KeyboardInterrupt):
        engine.stop()


def page(text: str) -> None:
    """Print what fits the terminal; what does not goes to ``$PAGER``, or less, where it can be scrolled both ways."""
    columns, rows = shutil.get_terminal_size()
    lines = text.splitlines()
    command = shlex.split(os.environ.get("PAGER", "")) or LESS
    fits = len(lines) < rows and all(len(line) <= columns for line in lines)
    if fits or not sys.stdout.isatty() or not shutil.which(command[0]):
        print(text, end="")
        return
    # Ctrl-C is the pager's while it is on the screen.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        subprocess.run(command, input=text, text=True, check=False)
    finally:
        signal.signal(signal.SIGINT, before)
