"""Run a job by name: ``python -m jobs clean --date …``. It is also the file that spark-submit is given."""

import pathlib
import runpy
import sys

if __name__ == "__main__":
    # Run as a file, this folder would stand on the path, and its modules would hide others of their names.
    sys.path[0] = str(pathlib.Path(__file__).parents[1])
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit("usage: python -m jobs JOB [--help]; a job is a module of jobs/ such as clean, evaluate or recommend")
    job = sys.argv.pop(1)
    runpy.run_module(f"jobs.{job}", run_name="__main__", alter_sys=True)
