"""Processes that a test has started by way of others: which number they have, and whether they are gone."""

import pathlib
import time

PATIENCE = 20.0  # seconds


def number_in(path: pathlib.Path) -> int:
    """The number that a process has written into a file."""
    until = time.monotonic() + PATIENCE
    while not (path.exists() and path.read_text()):
        assert time.monotonic() < until, f"nothing was written to {path.name}"
        time.sleep(0.02)
    return int(path.read_text())


def is_gone(pid: int) -> bool:
    """Whether it is gone in time; one that waits to be reaped is."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        state = pathlib.Path(f"/proc/{pid}/stat")
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.02)
    return False
