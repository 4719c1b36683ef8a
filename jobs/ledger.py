"""Fold the attempts that finished commands have spooled into ``runs``. Needs no Spark.

An attempt that started and did not end, of a process that is gone, was killed.
"""

import os
import pathlib

from jobs import spool
from jobs.cli import Figures, Job, parser, run
from jobs.lake import Lake


def main(job: Job) -> Figures:
    lake = job.lake()
    caller = f"-{os.getppid()}"  # the command that ends and asks for this
    return {
        "rows_out": sum(
            len(fold(lake, path))
            for path in spool.spools(lake.root)
            if path.stem.endswith(caller) or not spool.being_written(path)
        )
    }


def fold(lake: Lake, path: pathlib.Path) -> list[spool.Attempt]:
    """Append a spool's attempts, once, and remove it."""
    rows = spool.attempts(path.read_text())
    lake.append_rows(rows, "runs", f"runs/{path.stem}")
    path.unlink()
    return rows


if __name__ == "__main__":
    run(main, parser(__doc__ or "", "lake"))
