"""What a published day is, on a real server."""

import dataclasses
import datetime
import hashlib
import pathlib

import psycopg
import pytest

from conf.errors import Refused
from conf.settings import Settings
from jobs.mart import schema
from jobs.mart.publication import publish
from lake.access import Lake
from tests.services.postgres import small_lake
from tests.services.postgres.small_lake import day, write

pytestmark = pytest.mark.services
TABLES = ["tracks", "users", "listen_history", "recommendations", "similar_tracks", "evaluations", "decisions"]


def published(settings: Settings, number: int = 0, revision: int = 1) -> dict:
    return publish(Lake(settings.lake.root, revision=revision), day(number), settings)


def versions(ask, table: str) -> dict[str, str]:
    """The transaction that wrote each row."""
    return dict(ask(f"SELECT md5(t::text), xmin::text FROM {table} t"))


def files(root: str) -> dict[str, str]:
    paths = [path for path in pathlib.Path(root).rglob("*") if path.is_file()]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def test_the_day_is_there_as_the_lake_has_it(settings, ask, root):
    before = files(root)
    assert published(settings)["rows_out"] == 400
    assert [ask(f"SELECT count(*) FROM {table}")[0][0] for table in TABLES] == [30, 40, 80, 400, 30, 1, 1]
    assert ask("SELECT date, revision, model_version, users, recommendations, listed FROM publications") == [
        (day(0), 1, "1", 40, 400, True)
    ]
    # User 3 is recommended track 3 + rank.
    assert ask("SELECT rank, track_id, name FROM current_recommendations WHERE user_id = 3 ORDER BY rank LIMIT 2") == [
        (1, 4, 'Track 4, "the" first'),
        (2, 5, 'Track 5, "the" first'),
    ]
    assert ask("SELECT album, songwriters FROM tracks WHERE track_id IN (0, 1) ORDER BY track_id") == [
        ("É\nü", ""),
        ("É\nü", None),
    ]
    assert ask("SELECT rank, place, track_id FROM current_reasons WHERE user_id = 3 AND rank < 3 ORDER BY 1, 2") == [
        (1, 1, 1),
        (1, 2, 2),
    ]
    assert ask("SELECT model_version, since, figures FROM current_champion") == [
        ("1", day(0), {"ndcg": 0.2, "p": None})
    ]
    assert ask("SELECT similar_track_id, score FROM current_similar_tracks WHERE track_id = 29") == [(0, 0.5)]
    # Track 1 is the first play of users 1 and 31, and the second of users 0 and 30.
    assert ask("SELECT track_id, plays FROM current_popular_tracks ORDER BY rank LIMIT 2") == [(1, 4), (2, 4)]
    assert ask("SELECT count(*), min(date) FROM current_evaluations") == [(1, day(0))]
    assert files(root) == before


def test_no_personal_data_leave_the_lake(settings, ask):
    published(settings)
    text = "".join(str(ask(f"SELECT * FROM {table}")) for table in TABLES)
    assert "secret" not in text.lower()
    assert "Ada" not in text


def test_published_again_nothing_is_written(settings, ask):
    published(settings)
    before = {table: versions(ask, table) for table in TABLES}
    assert published(settings) == {"rows_out": 0, "reason": "published already"}
    assert {table: versions(ask, table) for table in TABLES} == before


def test_the_next_day_writes_only_what_changed(settings, ask, root):
    published(settings)
    before = {table: versions(ask, table) for table in TABLES}
    write(root, day(1))
    published(settings, 1)
    after = {table: versions(ask, table) for table in TABLES}
    written = {table: len(after[table].items() - before[table].items()) for table in TABLES}
    # A track renamed and one new; a user new; 41 users' two plays and a correction; the day's lists.
    assert written == {
        "tracks": 2,
        "users": 1,
        "listen_history": 83,
        "recommendations": 410,
        "similar_tracks": 0,
        "evaluations": 1,
        "decisions": 1,
    }
    assert ask("SELECT name FROM tracks WHERE track_id = 0") == [('Track 0, "the" new',)]
    assert ask("SELECT date FROM current_publication") == [(day(1),)]


def test_a_corrected_history_row_replaces_all_of_its_plays(settings, ask, root):
    published(settings)
    write(root, day(1))
    published(settings, 1)
    of_row = "SELECT position, track_id FROM listen_history WHERE user_id = 0 AND listened_at = %s"
    assert ask(of_row, small_lake.noon(day(0))) == [(0, 9)]


def test_days_that_were_missed_are_taken_in_by_the_next(settings, ask, root):
    for number in (1, 2):
        write(root, day(number))
    published(settings, 2)
    # 80 + 82 + 84 plays, and two corrections of one row that had two plays, of which the last stands.
    assert ask("SELECT count(*) FROM listen_history") == [(80 - 2 + 82 + 84 + 1,)]
    assert ask("SELECT date FROM history_days ORDER BY date") == [(day(0),), (day(1),), (day(2),)]
    published(settings, 0)
    assert ask("SELECT date FROM current_publication") == [(day(2),)]
    assert ask("SELECT count(*) FROM listen_history") == [(80 - 2 + 82 + 84 + 1,)]


def test_a_revision_is_published_in_place_of_the_one_before(settings, ask, root):
    published(settings)
    write(root, day(0), revision=2, shift=1, users=39)
    published(settings, 0, revision=2)
    assert ask("SELECT revision, users, recommendations FROM publications") == [(2, 39, 390)]
    assert ask("SELECT count(*), count(DISTINCT user_id) FROM recommendations") == [(390, 39)]
    assert ask("SELECT track_id FROM current_recommendations WHERE user_id = 3 AND rank = 1") == [(5,)]
    # User 39 is gone, and their plays with them.
    assert ask("SELECT count(*), max(user_id) FROM listen_history") == [(78, 38)]
    assert published(settings, 0, revision=1)["reason"] == "published already"


def test_old_lists_are_dropped_and_what_was_decided_is_kept(settings, ask, root, url):
    short = dataclasses.replace(settings, postgres=dataclasses.replace(settings.postgres, keep_days=1))
    published(short)
    for number in (1, 2):
        write(root, day(number))
        published(short, number)
    assert ask("SELECT date, count(*) FROM recommendations GROUP BY date ORDER BY date") == [
        (day(1), 410),
        (day(2), 420),
    ]
    assert ask("SELECT date FROM publications WHERE NOT listed") == [(day(0),)]
    assert ask("SELECT count(*) FROM decisions") == [(3,)]
    assert ask("SELECT relname FROM pg_class WHERE relname = 'recommendations_2024_03_01'") == []
    # A date that is older than what is kept is recorded, and lists nothing.
    assert published(short, 0)["reason"] == "published already"


def test_while_a_reader_holds_tracks_old_lists_are_emptied_and_dropped_later(settings, ask, root, url):
    short = dataclasses.replace(settings, postgres=dataclasses.replace(settings.postgres, keep_days=1))
    published(short)
    write(root, day(1))
    published(short, 1)
    write(root, day(2))
    with psycopg.connect(url) as reader:
        reader.execute("SELECT count(*) FROM tracks")
        published(short, 2)
        assert ask("SELECT count(*) FROM recommendations_2024_03_01") == [(0,)]
    write(root, day(3))
    published(short, 3)
    assert ask(
        "SELECT relname FROM pg_class WHERE relname ~ '^recommendations_2024.*[0-9]$' AND relkind = 'r' ORDER BY 1"
    ) == [
        ("recommendations_2024_03_03",),
        ("recommendations_2024_03_04",),
    ]


def test_the_readers_role_reads_everything_and_writes_nothing(settings, url):
    published(settings)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET ROLE moovitamix_reader")
        assert connection.execute("SELECT count(*) FROM current_recommendations").fetchone() == (400,)
        for table in TABLES:
            connection.execute(f"SELECT * FROM {table}")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"DELETE FROM {table}")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE mine (id int)")


def test_a_publisher_that_may_not_make_roles_is_told_what_to_run(settings, url, ask):
    role = f"reader_{datetime.datetime.now().timestamp():.0f}"
    ask(f"CREATE ROLE plain_{role} LOGIN")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"SET ROLE plain_{role}")
        assert schema.let_read(connection, role) == f'CREATE ROLE "{role}" NOLOGIN'
    ask(f"DROP ROLE plain_{role}")


def test_a_schema_of_its_own_is_chosen_by_the_url(settings, ask, url, root):
    ask("CREATE SCHEMA music")
    chosen = url + ("&" if "?" in url else "?") + "options=-csearch_path%3Dmusic"
    there = dataclasses.replace(settings, postgres=dataclasses.replace(settings.postgres, url=chosen, keep_days=1))
    published(there)
    for number in (1, 2):
        write(root, day(number))
        published(there, number)
    assert ask("SELECT date, count(*) FROM music.recommendations GROUP BY date ORDER BY date") == [
        (day(1), 410),
        (day(2), 420),
    ]
    assert ask("SELECT date FROM music.current_publication") == [(day(2),)]
    assert ask("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == [(0,)]


def test_an_orphan_is_refused_and_nothing_of_the_day_is_seen(settings, ask, root):
    published(settings)
    write(root, day(1))
    Lake(root).delete("tracks", ("track_id", "=", 4))
    for table in ("listen_history", "recommendations", "similar_tracks", "popular_tracks"):
        ask(f"DELETE FROM {table}")
    ask("DELETE FROM tracks WHERE track_id = 4")
    with pytest.raises(Refused, match=r"Key \(track_id\)=\(4\) is not present in table \"tracks\""):
        published(settings, 1)
    assert ask("SELECT date FROM current_publication") == [(day(0),)]


def test_every_table_view_and_column_of_a_table_says_what_it_is(settings, ask):
    published(settings)
    silent = """
        SELECT relname, attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition AND attnum > 0
          AND relname <> 'alembic_version' AND col_description(c.oid, attnum) IS NULL
        UNION ALL
        SELECT relname, '' FROM pg_class c
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v') AND NOT relispartition
          AND relname <> 'alembic_version' AND obj_description(c.oid) IS NULL
    """
    assert ask(silent) == []


def test_keys_and_references_are_declared(settings, ask):
    published(settings)
    found = ask(
        "SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint WHERE contype = 'f' AND conparentid = 0"
    )
    assert sorted(found) == [
        ("listen_history", "tracks"),
        ("listen_history", "users"),
        ("popular_tracks", "tracks"),
        ("recommendations", "tracks"),
        ("recommendations", "users"),
        ("similar_tracks", "tracks"),
        ("similar_tracks", "tracks"),
    ]
    keyed = ask("SELECT conrelid::regclass::text FROM pg_constraint WHERE contype = 'p' AND conparentid = 0")
    assert set(TABLES) <= {name for (name,) in keyed}
