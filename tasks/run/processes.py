"""Processes that do not outlive the one that started them, however it ends."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from typing import Any

from conf.stopping import end

PATIENCE = 8  # seconds for a command that is asked to stop
# What is bound was started by a process that may be gone before the kernel knows of the bond: it has another parent then.
CHECKED = '[ "$PPID" = "$0" ] && exec "$@"'


def bound(command: Sequence[str], sent: str = "KILL") -> list[str]:
    """The command such that the kernel ends it with a signal when its parent is gone (Linux; elsewhere as it is)."""
    setpriv = shutil.which("setpriv")
    if not setpriv:
        return [*command]
    return [setpriv, f"--pdeathsig={sent}", "--", "sh", "-c", CHECKED, str(os.getpid()), *command]


def run(command: Sequence[str], patience: float = PATIENCE, **how: Any) -> int:
    """Run a command of ours in a group of its own, so that Ctrl-C reaches it by this process alone; its exit code."""
    process = subprocess.Popen(bound(command), start_new_session=True, **how)
    try:
        return process.wait()
    except BaseException:
        end(process, patience)
        raise
