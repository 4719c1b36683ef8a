"""Types command lines, each in a process of its own that has the slow imports done: a fork of this one.

Run as a program it reads a line of JSON for each command line from its standard input: the words, the folder to stand
in, and answers with a line: the code, and what was printed. :class:`Typist` is its other end.
"""

import dataclasses
import importlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).parents[2]
PATIENCE = 60  # seconds for a command line to be refused; a command that starts its work is ended by it


@dataclasses.dataclass(frozen=True)
class Typed:
    code: int
    out: str
    err: str


class Typist:
    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, __file__], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def type(self, words: list[str], folder: pathlib.Path) -> Typed:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps([words, str(folder)]) + "\n")
        self.process.stdin.flush()
        return Typed(**json.loads(self.process.stdout.readline()))

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=10)


def main() -> None:
    sys.path.insert(0, str(ROOT))
    from cli.commands import COMMANDS
    from jobs.__main__ import JOBS

    modules = {*JOBS.values(), *(entry.module for entry in COMMANDS.values())}
    for module in modules:
        importlib.import_module(module)
    for module in modules:  # each is to be run, with all that it imports there already
        del sys.modules[module]
    for line in sys.stdin:
        words, folder = json.loads(line)
        print(json.dumps(typed(words, folder)), flush=True)


def typed(words: list[str], folder: str) -> dict:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        number = os.fork()
        if not number:
            child(words, folder, out.fileno(), err.fileno())
        code = ended(number)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode())
    return {"code": code, "out": texts[0], "err": texts[1]}


def child(words: list[str], folder: str, out: int, err: int) -> None:
    """Be the command that the first word names."""
    code = 1
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.chdir(folder)
        sys.argv = words
        if words[0] == "moovitamix":
            from cli.entry import main as command
        else:
            from jobs.__main__ import main as command
        command()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        import traceback

        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def ended(number: int) -> int:
    """The code of a process; it is killed where it does not end in time."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        done, status = os.waitpid(number, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(number, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])


if __name__ == "__main__":
    main()
