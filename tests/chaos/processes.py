"""The processes of a run, found by what each inherits: a variable of the environment, or by the run's folder."""

import contextlib
import dataclasses
import os
import pathlib
import signal

VARIABLE = "MOOVITAMIX_CHAOS"


@dataclasses.dataclass(frozen=True)
class Process:
    pid: int
    words: tuple[str, ...]  # of its command line
    parent: int

    @property
    def command(self) -> str:
        return " ".join(self.words)

    def send(self, what: signal.Signals) -> bool:
        """Whether it was still there."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, what)
            return True
        return False


def tagged(tag: str) -> list[Process]:
    """The living processes that were started with the tag in their environment, by whomever."""
    wanted = f"{VARIABLE}={tag}".encode()
    return [found for found in _all() if wanted in _read(found.pid, "environ").split(b"\0")]


def of_folder(folder: pathlib.Path) -> list[Process]:
    """The living processes that name the folder in their command line or environment, or stand in it."""
    named = str(folder).encode()
    return [
        found
        for found in _all()
        if named in found.command.encode() + _read(found.pid, "environ") or _stands_in(found.pid, folder)
    ]


def _all() -> list[Process]:
    """Every living process but this one and those above it: a zombie has no command line."""
    mine = _ancestors()
    pids = [int(entry.name) for entry in os.scandir("/proc") if entry.name.isdigit()]
    lines = {pid: _read(pid, "cmdline") for pid in pids if pid not in mine}
    return [
        Process(pid, tuple(line.decode(errors="replace").strip("\0").split("\0")), _parent(pid))
        for pid, line in lines.items()
        if line
    ]


def _ancestors() -> set[int]:
    found, pid = set(), os.getpid()
    while pid:
        found.add(pid)
        pid = _parent(pid)
    return found


def _parent(pid: int) -> int:
    fields = _read(pid, "stat").rpartition(b")")[2].split()
    return int(fields[1]) if fields else 0


def _read(pid: int, name: str) -> bytes:
    try:
        return pathlib.Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:  # it has ended meanwhile
        return b""


def _stands_in(pid: int, folder: pathlib.Path) -> bool:
    try:
        return folder in (pathlib.Path(os.readlink(f"/proc/{pid}/cwd")) / "here").parents
    except OSError:
        return False
