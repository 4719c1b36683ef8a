"""Processes that do not outlive the one that started them, however it ends."""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence


def bound(command: Sequence[str], sent: str = "KILL") -> list[str]:
    """The command such that the kernel ends it with a signal when its parent is gone (Linux; elsewhere as it is)."""
    setpriv = shutil.which("setpriv")
    return [setpriv, f"--pdeathsig={sent}", "--", *command] if setpriv else [*command]


def end(process: subprocess.Popen, patience: float) -> None:
    """End a process and its group: asked first, then killed, waiting so many seconds for each."""
    for sent in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, sent)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=patience)
            return
