"""A publisher killed at any moment leaves the day before, and the next run goes on."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import psycopg
import pytest

from conf.checkout import ROOT
from jobs.mart.publication import publish
from lake.access import Lake
from tests.services.postgres.small_lake import day, write

pytestmark = pytest.mark.services
MOMENTS = 6

WHOLE = """
    SELECT date, (SELECT count(*) FROM current_recommendations), (SELECT count(*) FROM listen_history),
           (SELECT name FROM tracks WHERE track_id = 0)
    FROM current_publication
"""
DAYS = {0: [(day(0), 400, 80, 'Track 0, "the" first')], 1: [(day(1), 410, 80 - 2 + 82 + 1, 'Track 0, "the" new')]}


@contextlib.contextmanager
def publisher(settings, number: int, revision: int = 1) -> Iterator[subprocess.Popen]:
    """The job as the task starts it."""
    command = [sys.executable, "-m", "jobs", "publish", f"--date={day(number)}", f"--revision={revision}"]
    process = subprocess.Popen(
        [*command, f"--lake-root={settings.lake.root}"],
        env={**os.environ, "MOOVITAMIX_POSTGRES_URL": settings.postgres.url},
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def kill(process: subprocess.Popen) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_until(ask, query: str) -> None:
    for _ in range(600):
        if ask(query)[0][0]:
            return
        time.sleep(0.02)
    pytest.fail(f"it never came to {query}")


# What holds the publisher up, and how it shows that it has come so far.
HELD = {
    "loaded, before the partition is attached": (
        "LOCK TABLE tracks IN SHARE MODE",
        "SELECT EXISTS (SELECT FROM pg_class WHERE relname = 'recommendations_2024_03_02_pkey')",
        0,
    ),
    "attached, before the switch": (
        "LOCK TABLE publications IN SHARE MODE",
        "SELECT EXISTS (SELECT FROM pg_inherits WHERE inhrelid::regclass::text = 'recommendations_2024_03_02')",
        410,
    ),
}


@pytest.mark.parametrize("moment", HELD)
def test_killed_at_a_moment(settings, ask, root, url, moment):
    publish(Lake(root), day(0), settings)
    write(root, day(1))
    lock, reached, there = HELD[moment]
    with psycopg.connect(url) as holder:
        holder.execute(lock)
        with publisher(settings, 1) as process:
            wait_until(ask, reached)
            kill(process)
        assert ask(WHOLE) == DAYS[0]
        assert ask("SELECT count(*) FROM recommendations WHERE date = %s", day(1)) == [(there,)]
    # Since then the lists were made again: what was left is not taken for them.
    write(root, day(1), revision=2, shift=2)
    publish(Lake(root, revision=2), day(1), settings)
    assert ask(WHOLE) == DAYS[1]
    assert ask("SELECT track_id FROM current_recommendations WHERE user_id = 3 AND rank = 1") == [(3 + 1 + 1 + 2,)]


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_publisher_that_waits_for_a_lock_can_be_stopped_and_leaves_no_query(settings, ask, root, url, sent):
    publish(Lake(root), day(0), settings)
    write(root, day(1))
    lock, reached, _ = HELD["loaded, before the partition is attached"]
    with psycopg.connect(url) as holder:
        holder.execute(lock)
        with publisher(settings, 1) as process:
            wait_until(ask, reached)
            wait_until(ask, "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
            process.send_signal(sent)
            assert process.wait(60) == 128 + sent
            said = process.stderr.read()
        assert said.endswith(f"\nstopped by {sent.name}; the same command goes on where it stopped\n"), said
        assert "Traceback" not in said
        wait_until(ask, "SELECT NOT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        assert ask(WHOLE) == DAYS[0]
    with publisher(settings, 1) as process:
        assert process.wait(60) == 0, process.stderr.read()
    assert ask(WHOLE) == DAYS[1]


def test_killed_anywhere(settings, ask, root):
    publish(Lake(root), day(0), settings)
    write(root, day(1))
    begun = time.monotonic()
    with publisher(settings, 1) as process:
        assert process.wait(60) == 0, process.stderr.read()
    took = time.monotonic() - begun
    chance = random.Random(1)
    for number in range(2, 2 + MOMENTS):
        write(root, day(number))
        before, last = ask(WHOLE), day(number - 1)
        with publisher(settings, number) as process:
            time.sleep(took * chance.uniform(0.4, 1))
            kill(process)
        found = ask(WHOLE)
        assert found == before or found[0][:2] == (day(number), 400 + 10 * number)
        assert found[0][0] in (last, day(number))
        publish(Lake(root), day(number), settings)
        assert ask(WHOLE)[0][:2] == (day(number), 400 + 10 * number)
        left = "SELECT count(*) FROM pg_class c WHERE relkind = 'r' AND relname ~ '_2024_' AND NOT relispartition"
        assert ask(left) == [(0,)]
