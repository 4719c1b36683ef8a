"""What tasks ask of the mart: which dates are published. Milliseconds; a server that does not answer has none."""

import datetime
import logging

from conf.settings import PostgresSettings

log = logging.getLogger("moovitamix.mart")


def published(postgres: PostgresSettings, dates: list[datetime.date], revision: int) -> set[datetime.date]:
    """The dates that are published in this revision or a later one.

    Why a server does not answer is for the job to say: it is asked next.
    """
    # 40 ms that a command without a mart does not wait for.
    import psycopg

    from conf.postgres import conninfo

    query = "SELECT date FROM publications WHERE date = ANY(%s) AND revision >= %s"
    try:
        with psycopg.connect(conninfo(postgres, connect_timeout=5)) as connection:
            return {date for (date,) in connection.execute(query, [dates, revision])}
    except psycopg.Error as error:
        log.debug("the mart was not asked: %s", error)
        return set()
