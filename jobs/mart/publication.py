"""How a date becomes visible in the mart.

1. Beside everything: the lake's rows are copied into bare and temporary tables, counted against the lake, and keyed.
2. *Arrival*, one transaction: new tracks and users, then the date's partition attached, its foreign keys checked. What
   names the published date (the views) does not see it yet.
3. A pause of milliseconds for statements planned before: they would not look into the new partition.
4. The *switch*, one transaction: changed tracks and users, new plays, evaluations, decisions, and the row of
   ``publications`` that names the date.
5. Old lists are taken away.

A kill before the switch leaves the published day as it was, and the next run begins by sweeping up.
"""

import datetime
import logging
from collections.abc import Callable

import psycopg

from conf.settings import Settings
from jobs.mart import changes, expected, partitions, schema, staging
from jobs.mart.connection import connect, patiently, publisher, require_encoding, scalar
from jobs.mart.partitioned_lists import PartitionedLists
from jobs.runtime.command import Figures
from lake.access import Lake
from lake.champion import champion_before

log = logging.getLogger("jobs.mart")
PARTITIONED = ("recommendations", "similar_tracks")

INSERT = """
    INSERT INTO publications (date, revision, model_version, users, recommendations, listed)
    VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (date) DO UPDATE SET revision = excluded.revision, model_version = excluded.model_version,
        users = excluded.users, recommendations = excluded.recommendations, listed = excluded.listed,
        published_at = excluded.published_at
"""


def publish(lake: Lake, date: datetime.date, settings: Settings) -> Figures:
    """Bring the mart to ``date``; nothing happens where this revision of it, or a later one, is published.

    Raises:
        Refused: it cannot be done; what was published stays.
    """
    postgres = settings.postgres
    with publisher(postgres) as connection:
        require_encoding(connection, postgres)
        upgraded(settings)
        expected.require_unchanged(connection)
        missing = schema.let_read(connection, postgres.reader)
        if missing:
            log.warning("the role that may read is missing; let an administrator run: %s", missing)
        revision = scalar(connection, "SELECT revision FROM publications WHERE date = %s", date)
        if revision is not None and revision >= lake.revision and whole(connection, date):
            return {"rows_out": 0, "reason": "published already"}
        figures = Publication(connection, lake, date, settings).make()
        return {**figures, **({"reason": f"no role {postgres.reader}; run: {missing}"} if missing else {})}


def whole(connection: psycopg.Connection, date: datetime.date) -> bool:
    """Whether the lists of a published date are there, and nobody has removed them by hand."""
    query = """
        SELECT NOT listed OR recommendations = (SELECT count(*) FROM recommendations WHERE date = p.date)
        FROM publications p WHERE date = %s
    """
    return bool(scalar(connection, query, date))


def upgraded(settings: Settings) -> None:
    """The mart at the newest schema; a lock on one of its tables is waited for."""

    schema.upgrade(lambda: connect(settings.postgres))


class Publication:
    def __init__(self, connection: psycopg.Connection, lake: Lake, date: datetime.date, settings: Settings) -> None:
        self.connection, self.lake, self.date, self.settings = connection, lake, date, settings
        current = champion_before(lake, date + datetime.timedelta(days=1))
        self.model = current.version if current else ""
        newest = scalar(connection, "SELECT max(date) FROM publications")
        self.newest = max(newest or date, date)
        days = settings.postgres.keep_days
        self.oldest = self.newest - datetime.timedelta(days=days) if days else datetime.date.min
        self.users = lake.count("recommendations", [("date", "=", date), ("rank", "=", 1)])
        self.rows = lake.count("recommendations", [("date", "=", date)])

    def make(self) -> Figures:
        partitions.sweep(self.connection, *PARTITIONED)
        history = staging.history(self.connection, self.lake, self.date)
        log.info("loading beside what is published")
        staging.stage(self.connection, self.lake, self.date, history)
        lists = self.lists()
        arriving = [one for one in lists if one.load(self.connection, self.lake)]
        log.info("loaded")
        first = staging.empty(self.connection)
        self.patiently(lambda: self.arrive(arriving))
        log.info("attached: %s", [one.partition for one in arriving])
        partitions.let_planned_finish(self.connection, *PARTITIONED)
        self.patiently(lambda: self.switch([one for one in lists if one not in arriving], history, first))
        log.info("published")
        removed = self.retire()
        plays = scalar(self.connection, "SELECT count(*) FROM new_plays")
        return {
            "rows_out": self.rows if self.listed else 0,
            "users": self.users,
            "plays": plays,
            "lists_removed": removed,
        }

    @property
    def listed(self) -> bool:
        """Whether the date's lists are within what is kept."""
        return self.date >= self.oldest

    def lists(self) -> list[PartitionedLists]:
        """What is to be loaded. A model's similar tracks do not change."""
        if not self.listed:
            return []
        lists, similar = (
            [PartitionedLists("recommendations", "date", self.date)],
            PartitionedLists("similar_tracks", "model_version", self.model),
        )
        there = partitions.filled(self.connection, "similar_tracks", similar.partition)
        return [*lists, similar] if self.model and not there else lists

    def patiently(self, work: Callable[[], None]) -> None:
        patiently(self.connection, self.settings.postgres, work)

    def arrive(self, arriving: list[PartitionedLists]) -> None:
        # The locks first: what cannot be had now shall not cost the work before it.
        self.connection.execute("LOCK TABLE tracks, users IN SHARE ROW EXCLUSIVE MODE")
        self.connection.execute("LOCK TABLE recommendations, similar_tracks IN SHARE UPDATE EXCLUSIVE MODE")
        changes.arrive(self.connection, self.date)
        for one in arriving:
            one.attach(self.connection)

    def switch(self, differing: list[PartitionedLists], history: staging.PlayHistory, first: bool) -> None:
        self.connection.execute(
            "LOCK TABLE tracks, users, listen_history, popular_tracks, evaluations, decisions, publications "
            "IN ROW EXCLUSIVE MODE"
        )
        for one in differing:
            one.replace(self.connection)
        changes.change(self.connection, self.date)
        changes.take_in(self.connection, history, first)
        if self.date == self.newest:
            changes.count_popular(self.connection, self.date, self.settings.recommend.popular_days)
        changes.forget_tracks(self.connection)
        changes.sync_small(self.connection, self.date)
        values = [self.date, self.lake.revision, self.model, self.users, self.rows, self.listed]
        self.connection.execute(INSERT, values)
        self.connection.execute("UPDATE publications SET listed = false WHERE listed AND date < %s", [self.oldest])

    def retire(self) -> int:
        """Take away the lists of dates that are not listed, and similar tracks of models that no listed date had."""
        removed = 0
        for table, column in (("recommendations", "date"), ("similar_tracks", "model_version")):
            query = f"SELECT {column} FROM publications WHERE listed"
            values = self.connection.execute(query).fetchall()
            kept = {partitions.name_of(table, value) for (value,) in values}
            removed += partitions.retire(self.connection, table, kept)
        partitions.sweep(self.connection, *PARTITIONED)
        return removed
