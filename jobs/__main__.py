"""Run a job by name: ``python -m jobs clean --date …``. It is also the file that spark-submit is given."""

import difflib
import pathlib
import runpy
import sys

# A job is called by the last part of its module's name.
MODULES = (
    "jobs.cleaning.clean",
    "jobs.evaluation.evaluate",
    "jobs.training.decide",
    "jobs.training.train",
    "jobs.training.promote",
    "jobs.training.rollback",
    "jobs.recommendation.recommend",
    "jobs.mart.publish",
    "jobs.registry.models",
    "jobs.registry.mlflow_page",
    "jobs.health.health",
    "jobs.health.report",
    "jobs.health.notify",
    "jobs.health.exporter",
    "jobs.health.ledger",
    "jobs.health.status",
    "jobs.health.summary",
    "jobs.health.trend",
    "jobs.sql.sql",
    "jobs.privacy.forget",
    "jobs.upkeep.check",
    "jobs.upkeep.maintain",
    "jobs.upkeep.migrate",
)
JOBS = {module.rpartition(".")[2]: module for module in MODULES}


def module_of(words: list[str]) -> str:
    """The module that the first word names.

    Raises:
        SystemExit: it names none, with code 2.
    """
    usage = f"usage: python -m jobs JOB [--help]; a job is one of {', '.join(JOBS)}"
    if not words or words[0].startswith("-"):
        print(usage, file=sys.stderr)
        raise SystemExit(2)
    if words[0] not in JOBS:
        near = difflib.get_close_matches(words[0], JOBS, 1)
        meant = f"did you mean {near[0]}?" if near else usage
        print(f"{words[0]}: there is no such job; {meant}", file=sys.stderr)
        raise SystemExit(2)
    return JOBS[words[0]]


if __name__ == "__main__":
    # Run as a file, this folder would stand on the path, and its modules would hide others of their names.
    sys.path[0] = str(pathlib.Path(__file__).parents[1])
    module = module_of(sys.argv[1:])
    del sys.argv[1]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
