"""Run a job by name: ``python -m jobs clean --date …``. It is also the file that spark-submit is given."""

import os
import pathlib
import runpy
import sys

# By what they are for; a job is called by the last part of its module's name.
GROUPS = {
    "steps of a day": (
        "jobs.cleaning.clean",
        "jobs.evaluation.evaluate",
        "jobs.training.decide",
        "jobs.training.train",
        "jobs.training.promote",
        "jobs.recommendation.recommend",
        "jobs.mart.publish",
        "jobs.upkeep.maintain",
    ),
    "look": (
        "jobs.health.status",
        "jobs.health.summary",
        "jobs.health.trend",
        "jobs.health.health",
        "jobs.health.report",
        "jobs.sql.sql",
    ),
    "models": (
        "jobs.registry.models",
        "jobs.training.rollback",
        "jobs.registry.mlflow_page",
    ),
    "keep in order": (
        "jobs.upkeep.check",
        "jobs.upkeep.migrate",
        "jobs.privacy.forget",
    ),
    "tell others": (
        "jobs.health.notify",
        "jobs.health.exporter",
        "jobs.health.ledger",
    ),
}
JOBS = {module.rpartition(".")[2]: module for modules in GROUPS.values() for module in modules}


def main() -> None:
    # Run as a file, this folder would stand on the path, and its modules would hide others of their names.
    sys.path[0] = str(pathlib.Path(__file__).parents[1])
    from conf.stopping import stoppable

    with stoppable():
        _run()


def _run() -> None:
    from conf import command_line
    from conf.errors import refusals_told
    from conf.program import settle, settle_driver

    with refusals_told():
        if __spec__ is None:  # as a file: else it is settled already
            settle_driver() if "PYSPARK_GATEWAY_PORT" in os.environ else settle()
        name = named(sys.argv[1:])
    if not name:
        print(listing())
        return
    command_line.PROGRAM = command_line.PROGRAM or f"python -m jobs {name}"
    del sys.argv[1]
    runpy.run_module(JOBS[name], run_name="__main__", alter_sys=True)


def named(words: list[str]) -> str:
    """The job that the first word names; empty where the list of jobs is asked for.

    Raises:
        BadSetting: there is no such job.
    """
    from conf.errors import BadSetting
    from conf.nearest import meant

    if not words or words[0] in ("-h", "--help"):
        return ""
    if words[0] not in JOBS:
        raise BadSetting(f"{words[0]}: there is no such job; {meant(words[0], JOBS, 'python -m jobs lists them')}")
    return words[0]


def listing() -> str:
    """Every job with a line of what it does, by groups."""
    from conf.command_line import about

    lines = ["usage: python -m jobs JOB [--help]"]
    for group, modules in GROUPS.items():
        lines += ["", f"{group}:", *(f"  {module.rpartition('.')[2]:<13}{about(module)}" for module in modules)]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
