"""What the mart works out for itself is what the lake says: plays, popular tracks, the champion."""

import dataclasses
import datetime

import numpy as np
import psycopg
import pytest

from conf.current_plays import MOST_POPULAR_FIRST, current_plays, known_by, play_counts
from conf.settings import RecommendSettings, Settings
from jobs.mart.publication import publish
from lake import delta
from lake.access import Lake
from lake.champion import champion_before
from tests.services.postgres import small_lake
from tests.services.postgres.small_lake import TRACKS, day, noon

pytestmark = pytest.mark.services

DAYS, LAST = 2, 3


@pytest.fixture
def busy(settings) -> Settings:
    """Four days of plays with corrections, repeats and ties, published day by day, and a rollback on the last."""
    random, lake = np.random.default_rng(3), Lake(settings.lake.root)
    for number in range(LAST + 1):
        if number:  # the first day is there
            small_lake.write(lake.root, day(number))
        plays(lake, day(number), random)
        if number == LAST:
            decide(lake, day(number))
        publish(Lake(lake.root), day(number), busy_settings(settings))
    return settings


def busy_settings(settings: Settings) -> Settings:

    return dataclasses.replace(settings, recommend=RecommendSettings(popular_days=DAYS))


def plays(lake: Lake, date: datetime.date, random: np.random.Generator) -> None:
    """History rows of any day up to the date, some of them later versions of rows that are known."""
    rows = {}
    for _ in range(60):
        listened = noon(day(int(random.integers(0, (date - day(0)).days + 1))), 8 + int(random.integers(0, 3)))
        updated = noon(date, 13 + int(random.integers(0, 3)))
        for position in range(int(random.integers(1, 4))):
            user = int(random.integers(0, 9))
            rows[user, listened, updated, position] = {
                "user_id": user,
                "track_id": int(random.integers(0, TRACKS)),
                "listened_at": listened,
                "position": position,
                "updated_at": updated,
                "first_seen": date,
            }
    lake.append_rows(list(rows.values()), "listens", f"listens/More/{date}")


def decide(lake: Lake, date: datetime.date) -> None:
    """A promotion and a rollback on one date: the rollback is what stands."""
    rows = [
        {"date": date, "step": step, "decision": step, "reason": "", "figures": "{}", "model_version": version}
        for step, version in (("rollback", "1"), ("promote", "2"))
    ]
    lake.append_rows(rows, "decisions", f"decisions/More/{date}")


def of_lake(lake: Lake, text: str) -> list[tuple]:
    return [tuple(row.values()) for row in delta.query(lake.opened("listens"), text).to_pylist()]


def test_plays_that_were_taken_in_day_by_day_are_the_current_ones(busy, ask):
    columns = "user_id, listened_at, position, track_id"
    query = current_plays("stored", columns, known_by(day(LAST)))
    ours = of_lake(Lake(busy.lake.root), f"{query} ORDER BY user_id, listened_at, position")
    assert ask(f"SELECT {columns} FROM listen_history ORDER BY user_id, listened_at, position") == ours
    assert len(ours) > 100


def test_popular_tracks_are_those_of_the_pipeline_in_its_order(busy, ask):
    current = current_plays("stored", where=known_by(day(LAST)))
    counted = play_counts(f"({current}) AS plays", day(LAST), DAYS)
    ours = of_lake(Lake(busy.lake.root), f"SELECT * FROM ({counted}) AS c ORDER BY {MOST_POPULAR_FIRST}")
    offered = [track for (track,) in ask("SELECT track_id FROM tracks WHERE available ORDER BY track_id")]
    played = [row[:2] for row in ours if row[0] in offered]
    never = [(track, 0) for track in offered if track not in dict(played)]
    assert ask("SELECT track_id, plays FROM popular_tracks ORDER BY rank") == played + never
    assert len({recent for _, recent, _ in ours}) < len(ours)  # there are ties


def test_postgresql_runs_the_same_sql_of_plays_and_counts(busy, url):
    """Over the raw versions, as the publisher stages them."""
    with psycopg.connect(url) as connection:
        connection.execute("SET timezone = 'UTC'")
        connection.execute(
            "CREATE TEMP TABLE versions (user_id bigint, track_id bigint, listened_at timestamptz, position int, "
            "updated_at timestamptz, first_seen date)"
        )
        rows = Lake(busy.lake.root).arrow("listens")
        with connection.cursor().copy("COPY versions FROM STDIN") as copy:
            for row in rows.to_pylist():
                copy.write_row(tuple(row.values()))
        plays_sql = current_plays("{}", where=known_by(day(LAST)))
        query = f"{play_counts(f'({plays_sql}) AS plays', day(LAST), DAYS)} ORDER BY {MOST_POPULAR_FIRST}"
        found = connection.execute(query.format("versions")).fetchall()
    assert found == of_lake(Lake(busy.lake.root), query.format("stored"))


def test_the_champion_of_a_date_with_a_promotion_and_a_rollback_is_the_same(busy, ask):
    champion = champion_before(Lake(busy.lake.root), day(LAST + 1))
    assert ask("SELECT model_version, since FROM current_champion") == [(champion.version, champion.since)]
    assert champion.version == "1"
