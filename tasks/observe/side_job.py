"""A job that runs beside the steps, when they are over: the ledger's and the mail's. Where it fails no step has failed."""

import subprocess
import sys
from collections.abc import Iterable

from conf.checkout import CODE


def complaint(words: Iterable[str], patience: float, late: str) -> list[str] | None:
    """Run a job and wait for it. None where all went well, else the lines that it said of it.

    Args:
        words: of its command line, its name first.
        late: said in its place where it takes longer than ``patience`` seconds.
    """
    command = [sys.executable, str(CODE / "jobs" / "__main__.py"), *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=patience)
    except subprocess.TimeoutExpired:
        return [late]
    return done.stderr.strip().splitlines() if done.returncode else None
