"""What changed, from the temporary tables (:mod:`jobs.mart.staging`) into those that applications read.

Each statement writes only the rows that differ, and returns nothing: they run in the transaction that makes a day
visible. ``arrive`` alone runs before it, and adds what nobody names yet.
"""

import datetime

import psycopg

from conf.current_plays import MOST_POPULAR_FIRST, POPULAR
from conf.sql_text import midnight
from jobs.mart.staging import SOURCES, PlayHistory

OF_TRACK = [name for name in SOURCES["new_tracks"][1] if name not in ("track_id", "last_seen")]
TRACKS, OLD, NEW = (", ".join(f"{of}{name}" for name in OF_TRACK) for of in ("", "t.", "n."))
NEWEST = "greatest(%(date)s, (SELECT max(date) FROM publications))"

ARRIVE = [
    f"""
    INSERT INTO tracks (track_id, {TRACKS}, available)
    SELECT track_id, {TRACKS}, last_seen >= {NEWEST} FROM new_tracks WHERE first_seen <= %(date)s
    ON CONFLICT DO NOTHING
    """,
    f"""
    INSERT INTO users (user_id, first_seen, available)
    SELECT user_id, first_seen, last_seen >= {NEWEST} FROM new_users WHERE first_seen <= %(date)s
    ON CONFLICT DO NOTHING
    """,
]
CHANGE = [
    f"""
    UPDATE tracks t SET ({TRACKS}, available) = ({NEW}, n.last_seen >= {NEWEST})
    FROM new_tracks n WHERE n.track_id = t.track_id
    AND ({OLD}, t.available)
        IS DISTINCT FROM ({NEW}, n.last_seen >= {NEWEST})
    """,
    f"""
    UPDATE users t SET (first_seen, available) = (n.first_seen, n.last_seen >= {NEWEST})
    FROM new_users n WHERE n.user_id = t.user_id
    AND (t.first_seen, t.available) IS DISTINCT FROM (n.first_seen, n.last_seen >= {NEWEST})
    """,
    # Whom the lake has forgotten; their rows elsewhere go with them.
    "DELETE FROM users t WHERE NOT EXISTS (SELECT FROM new_users n WHERE n.user_id = t.user_id)",
]
# What the lake no longer holds and nobody's rows name.
FORGET_TRACKS = """
    DELETE FROM tracks t WHERE track_id IN (
        SELECT track_id FROM tracks EXCEPT SELECT track_id FROM new_tracks
        EXCEPT SELECT track_id FROM listen_history EXCEPT SELECT track_id FROM recommendations
        EXCEPT SELECT track_id FROM similar_tracks EXCEPT SELECT similar_track_id FROM similar_tracks
        EXCEPT SELECT track_id FROM popular_tracks)
"""
GONE = "SELECT EXISTS (SELECT FROM tracks t WHERE NOT EXISTS (SELECT FROM new_tracks n WHERE n.track_id = t.track_id))"

NEWEST_VERSIONS = """
    CREATE TEMP TABLE new_versions ON COMMIT DROP AS
    SELECT user_id, listened_at, max(updated_at) AS updated_at FROM new_plays GROUP BY user_id, listened_at
"""
REPLACE_VERSIONS = """
    DELETE FROM listen_history h USING new_versions v
    WHERE h.user_id = v.user_id AND h.listened_at = v.listened_at AND h.updated_at < v.updated_at
"""
TAKE_BACK = """
    DELETE FROM listen_history h WHERE NOT EXISTS (
        SELECT FROM new_plays n WHERE n.user_id = h.user_id AND n.listened_at = h.listened_at
        AND n.updated_at = h.updated_at AND n.position = h.position)
"""
NEW_PLAYS = """
    SELECT n.user_id, n.listened_at, n.position, n.track_id, n.updated_at, n.first_seen
    FROM new_plays n JOIN new_versions v USING (user_id, listened_at, updated_at)
"""
ADD_PLAYS = f"""
    INSERT INTO listen_history AS h {NEW_PLAYS}
    WHERE NOT EXISTS (
        SELECT FROM listen_history l
        WHERE l.user_id = n.user_id AND l.listened_at = n.listened_at AND l.updated_at > n.updated_at)
    ON CONFLICT (user_id, listened_at, position) DO UPDATE
    SET track_id = excluded.track_id, updated_at = excluded.updated_at, first_seen = excluded.first_seen
    WHERE (h.track_id, h.updated_at, h.first_seen) IS DISTINCT FROM (excluded.track_id, excluded.updated_at, excluded.first_seen)
"""
UNBIND = """
    ALTER TABLE listen_history DROP CONSTRAINT listen_history_pkey, DROP CONSTRAINT listen_history_user_id_fkey,
        DROP CONSTRAINT listen_history_track_id_fkey;
    DROP INDEX listen_history_track
"""
BIND = """
    ALTER TABLE listen_history ADD CONSTRAINT listen_history_pkey PRIMARY KEY (user_id, listened_at, position);
    CREATE INDEX listen_history_track ON listen_history (track_id);
    ALTER TABLE listen_history
        ADD CONSTRAINT listen_history_user_id_fkey FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE,
        ADD CONSTRAINT listen_history_track_id_fkey FOREIGN KEY (track_id) REFERENCES tracks
"""

SMALL = {
    "evaluations": (
        "date kind model metric k",
        "date kind model metric k model_version value low high users",
        "SELECT * FROM new_evaluations",
    ),
    "decisions": (
        "date step",
        "date step decision reason figures model_version champion_version",
        "SELECT date, step, decision, reason, CAST(figures AS jsonb) AS figures, model_version, champion_version FROM new_decisions",
    ),
}
# Those played as much as the last that fits are counted whole, to be told apart as the pipeline tells them apart.
POPULAR_TRACKS = f"""
    WITH played AS (
        SELECT t.track_id, count(h.track_id) AS recent FROM tracks t LEFT JOIN listen_history h
        ON h.track_id = t.track_id AND h.listened_at >= %(start)s AND h.listened_at < %(end)s
        WHERE t.available GROUP BY t.track_id
    ), counted AS (
        SELECT track_id, recent, ever FROM played CROSS JOIN LATERAL (
            SELECT count(*) AS ever FROM listen_history h WHERE h.track_id = played.track_id AND h.listened_at < %(end)s
        ) AS always
        WHERE recent >= coalesce((SELECT recent FROM played ORDER BY recent DESC OFFSET {POPULAR - 1} LIMIT 1), 0)
    )
    INSERT INTO popular_tracks (rank, track_id, plays)
    SELECT row_number() OVER (ORDER BY {MOST_POPULAR_FIRST}), track_id, recent FROM counted
    ORDER BY {MOST_POPULAR_FIRST} LIMIT {POPULAR}
"""


def arrive(connection: psycopg.Connection, date: datetime.date) -> None:
    """Add new tracks and users, which nothing that is published names."""
    for statement in ARRIVE:
        connection.execute(statement, {"date": date})


def change(connection: psycopg.Connection, date: datetime.date) -> None:
    """Tracks and users as the lake has them."""
    for statement in CHANGE:
        connection.execute(statement, {"date": date})


def forget_tracks(connection: psycopg.Connection) -> None:
    row = connection.execute(GONE).fetchone()
    if row and row[0]:
        connection.execute(FORGET_TRACKS)


def take_in(connection: psycopg.Connection, history: PlayHistory, first: bool) -> None:
    """The new plays, each history row in its latest version. ``first``: nothing is there, so keys are made after."""
    if not history.days:
        return
    connection.execute(NEWEST_VERSIONS)
    connection.execute("ANALYZE new_versions")
    if first:
        connection.execute(UNBIND)
        connection.execute("INSERT INTO listen_history " + NEW_PLAYS)
        connection.execute(BIND)
    else:
        if history.whole:
            connection.execute(TAKE_BACK)
        connection.execute(REPLACE_VERSIONS)
        connection.execute(ADD_PLAYS)
    counts: dict = dict(connection.execute("SELECT first_seen, count(*) FROM new_plays GROUP BY first_seen").fetchall())
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO history_days VALUES (%s, %s, %s) ON CONFLICT (date) DO UPDATE "
            "SET revision = excluded.revision, plays = excluded.plays",
            [(day, revision, counts.get(day, 0)) for day, revision in sorted(history.days.items())],
        )


def sync_small(connection: psycopg.Connection, date: datetime.date) -> None:
    """Evaluations and decisions up to the date."""
    for table, (key, columns, source) in SMALL.items():
        sync(connection, table, key.split(), columns.split(), source, f"t.date <= DATE '{date}'")


def sync(
    connection: psycopg.Connection, table: str, key: list[str], columns: list[str], source: str, within: str
) -> None:
    """Make the rows of ``table`` for which ``within`` holds those of ``source``, writing only what differs."""
    on = " AND ".join(f"t.{name} = n.{name}" for name in key)
    rest = [name for name in columns if name not in key]
    sets = ", ".join(f"{name} = excluded.{name}" for name in rest)
    statements = [
        f"DELETE FROM {table} t WHERE {within} AND NOT EXISTS (SELECT FROM ({source}) n WHERE {on})",
        f"INSERT INTO {table} AS t ({', '.join(columns)}) SELECT {', '.join(columns)} FROM ({source}) n "
        f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {sets} "
        f"WHERE ({', '.join('t.' + name for name in rest)}) IS DISTINCT FROM ({', '.join('excluded.' + name for name in rest)})",
    ]
    for statement in statements:
        connection.execute(statement)


def count_popular(connection: psycopg.Connection, date: datetime.date, days: int) -> None:
    """``popular_tracks`` of the days up to the end of ``date`` (UTC)."""
    end = midnight(date + datetime.timedelta(days=1))
    connection.execute("DELETE FROM popular_tracks")
    connection.execute(POPULAR_TRACKS, {"start": end - datetime.timedelta(days=days), "end": end})
