"""Publish the day in the data mart, PostgreSQL.

It gets lists, tracks, users, history, figures and decisions. Needs no Spark.

python -m jobs publish --date YYYY-MM-DD [--lake-root data/lake]

The mart is [postgres] url, which comes from luigi.cfg or the environment (MOOVITAMIX_POSTGRES_URL), as it may hold a
password. The lake is only read.
"""

import logging

from conf.command_line import Parser
from conf.errors import BadSetting
from jobs.mart.publication import publish
from jobs.runtime.command import Figures, Job, parser, run


def main(job: Job) -> Figures:
    if not job.settings.postgres.url:
        raise BadSetting("[postgres] url: found nothing, required is postgresql://user@host:port/database")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    return publish(job.lake(), job.date, job.settings)


def arguments() -> Parser:
    return parser(__doc__, "lake", "recommend", "postgres", date="required", step=True)


if __name__ == "__main__":
    run(main, arguments())
