"""Readers that hammer the mart while days are published: each sees one whole day, at once."""

import threading
import time

import psycopg
import pytest

from jobs.mart.publication import publish
from lake.access import Lake
from tests.services.postgres.small_lake import day, write

pytestmark = pytest.mark.services
USERS, K, DAYS = 400, 10, 6
SLOW = 1.0  # seconds: of a reader that waits for a lock; a read takes milliseconds

# What one statement sees: the published date, what it counts of it, and what is there.
SEEN = """
    SELECT p.date, p.recommendations, p.revision,
           (SELECT count(*) FROM current_recommendations),
           (SELECT count(DISTINCT date) FROM current_recommendations),
           (SELECT min(date) FROM current_recommendations),
           (SELECT max(first_seen) FROM listen_history),
           (SELECT max(date) FROM evaluations),
           (SELECT min(score) FROM current_recommendations)
    FROM current_publication p
"""


class Reader(threading.Thread):
    """Reads until told to stop; ``prepared`` keeps its plan as long as PostgreSQL lets it."""

    def __init__(self, url: str, prepared: bool) -> None:
        super().__init__()
        self.url, self.prepared = url, prepared
        self.over, self.seen, self.slowest, self.error = threading.Event(), [], 0.0, None

    def run(self) -> None:
        try:
            with psycopg.connect(self.url, autocommit=True) as connection:
                connection.execute("SET statement_timeout = '10s'")
                while not self.over.is_set():
                    begun = time.monotonic()
                    self.seen.append(connection.execute(SEEN, prepare=self.prepared).fetchone())
                    self.slowest = max(self.slowest, time.monotonic() - begun)
        except psycopg.Error as error:
            self.error = error


def wrong(row: tuple) -> bool:
    """Whether what a reader saw is not one whole day."""
    date, said, _, rows, dates, listed, heard, measured, _ = row
    return not (said == rows and dates == 1 and date == listed == heard == measured)


def test_each_read_sees_one_whole_day_and_none_waits(settings, url, root):
    write(root, day(0), users=USERS, k=K)
    for number in range(1, DAYS):
        write(root, day(number), users=USERS, k=K)
    publish(Lake(root), day(0), settings)
    readers = [Reader(url, prepared) for prepared in (False, False, True)]
    for reader in readers:
        reader.start()
    for number in range(1, DAYS):
        publish(Lake(root), day(number), settings)
    write(root, day(DAYS - 1), revision=2, users=USERS, k=K - 1)
    publish(Lake(root, revision=2), day(DAYS - 1), settings)
    for reader in readers:
        reader.over.set()
    for reader in readers:
        reader.join()
    assert [reader.error for reader in readers] == [None] * 3
    for reader in readers:
        assert [row for row in reader.seen if wrong(row)] == []
        assert reader.seen == sorted(reader.seen, key=lambda row: (row[0], row[2]))
        assert reader.slowest < SLOW * 5
    # A revision, with lists shorter by one, shows as a whole as well.
    of_last = {row[3] for reader in readers for row in reader.seen if row[0] == day(DAYS - 1)}
    assert of_last <= {(USERS + 5) * K, (USERS + 5) * (K - 1)}
    assert len({row[0] for reader in readers for row in reader.seen}) >= 3


def test_no_lock_of_a_publication_stands_in_a_readers_way(settings, url, root):
    """A reader in the middle of a transaction neither waits for a publication nor holds it up."""
    publish(Lake(root), day(0), settings)
    write(root, day(1))
    with psycopg.connect(url) as reader:
        reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        before = reader.execute(SEEN).fetchone()
        publish(Lake(root), day(1), settings)
        reader.execute("SET lock_timeout = '1ms'")
        assert reader.execute(SEEN).fetchone() == before
        assert reader.execute("SELECT count(*), max(date) FROM recommendations").fetchone() == (400, day(0))
    with psycopg.connect(url) as reader:
        assert reader.execute("SELECT date FROM current_publication").fetchone() == (day(1),)
