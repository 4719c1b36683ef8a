"""Bring an older version's lake to this version's tables.

Nothing is lost; a second call does nothing.

python -m jobs migrate --lake-root data/lake [--api-timezone Europe/Paris] [--spark-remote sc://host:port]
"""

from conf.command_line import Parser
from conf.tables import SCHEMA
from jobs.runtime.command import Figures, Job, parser, run
from jobs.upkeep.migrations import migrate
from lake.access import Lake


def main(job: Job) -> Figures:
    root = job.settings.lake.root
    taken = migrate(Lake(root, any_schema=True), job)
    done = f"migrated by {', '.join(f'v{step}' for step in taken)}" if taken else f"is of schema {SCHEMA} already"
    print(f"{root}: {done}", flush=True)
    return {"steps": len(taken)}


def arguments() -> Parser:
    return parser(__doc__, "api", "lake", "spark")


if __name__ == "__main__":
    run(main, arguments())
