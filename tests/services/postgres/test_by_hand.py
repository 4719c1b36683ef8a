"""What people do by hand in PostgreSQL, and settings of a role, a database or another program: the day is published as
the lake has it, or refused in one line that says what to do, with what applications read left as it was.
"""

import dataclasses
import pathlib
import re
import shutil
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from conf.errors import Refused
from conf.postgres import conninfo
from conf.settings import LakeSettings, PostgresSettings, Settings
from jobs.mart import expected
from jobs.mart.connection import connect, explained
from jobs.mart.publication import publish
from lake.access import Lake
from tests.services.postgres.conftest import replaced
from tests.services.postgres.small_lake import day, write

pytestmark = pytest.mark.services


def publish_day(settings: Settings, number: int = 0, revision: int = 1) -> dict:
    return publish(Lake(settings.lake.root, revision=revision), day(number), settings)


def refused(settings: Settings, number: int = 1) -> str:
    with pytest.raises(Refused) as caught:
        publish_day(settings, number)
    return caught.value.message


def published(ask) -> list[tuple]:
    return ask("SELECT date, (SELECT count(*) FROM current_recommendations) FROM current_publication")


@pytest.fixture(scope="module")
def prepared(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The first day is published in a database that cases copy; the second waits in the lake, which they share."""
    root, name = str(tmp_path_factory.mktemp("by_hand") / "lake"), "by_hand"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        postgres = PostgresSettings(url=replaced(server, name), wait_seconds=1)
        write(root, day(0))
        publish_day(Settings(lake=LakeSettings(root=root), postgres=postgres))
        write(root, day(1))
        yield Settings(lake=LakeSettings(root=root), postgres=postgres)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def url(server: str, prepared: Settings, request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database; of a case that wants a day, a copy of the one where it is published."""
    name = "by_hand_case"
    template = "TEMPLATE by_hand" if "one_day" in request.fixturenames else ""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} {template}".encode())
        yield replaced(server, name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def settings(prepared: Settings, url: str) -> Settings:
    """Nothing is published yet."""
    return dataclasses.replace(prepared, postgres=dataclasses.replace(prepared.postgres, url=url))


@pytest.fixture
def one_day(settings: Settings) -> Settings:
    """The first day is published."""
    return settings


@pytest.fixture
def own_lake(one_day: Settings, tmp_path: pathlib.Path) -> Settings:
    """A lake of the case's own, to write days to."""
    root = shutil.copytree(one_day.lake.root, tmp_path / "lake")
    return dataclasses.replace(one_day, lake=LakeSettings(root=str(root)))


CHANGES = {
    "a table dropped": ("DROP TABLE popular_tracks CASCADE", "table popular_tracks is missing"),
    "a table moved": ("CREATE SCHEMA old; ALTER TABLE decisions SET SCHEMA old", "table decisions is missing"),
    "a view in place of a table": (
        "DROP TABLE evaluations CASCADE; CREATE VIEW evaluations AS SELECT 1",
        "table evaluations is missing",
    ),
    "a view dropped": ("DROP VIEW listens_with_names", "view listens_with_names is missing"),
    "a column removed": ("ALTER TABLE users DROP COLUMN available", "users.available is missing"),
    "a column renamed": ("ALTER TABLE users RENAME available TO here", "users.available is missing"),
    "a column retyped": ("ALTER TABLE users ALTER available TYPE text", "the mart was changed by hand"),
    "a column that must be filled": (
        "ALTER TABLE users ADD note text NOT NULL DEFAULT ''; ALTER TABLE users ALTER note DROP DEFAULT",
        "a column was changed by hand",
    ),
    "a constraint": ("ALTER TABLE tracks ADD CHECK (track_id < 30)", "a constraint was added by hand"),
    "a key dropped": ("ALTER TABLE listen_history DROP CONSTRAINT listen_history_pkey", "has no primary key"),
    "the record of migrations dropped": ("DROP TABLE alembic_version", "the mart was changed by hand"),
    "something with a partition's name": ("CREATE VIEW recommendations_2024_03_02 AS SELECT 1", "already exists"),
    "a trigger that refuses": (
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'not today'; END$$; "
        "CREATE TRIGGER no BEFORE INSERT ON publications FOR EACH ROW EXECUTE FUNCTION no()",
        "not today; a trigger that somebody added refuses it",
    ),
    "a full disk": (
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'full' USING ERRCODE = '53100'; END$$; "
        "CREATE TRIGGER no BEFORE INSERT ON publications FOR EACH ROW EXECUTE FUNCTION no()",
        "make room on the server's disk",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_that_stands_in_the_way_is_named_and_what_is_published_stays(one_day, ask, change):
    statements, words = CHANGES[change]
    ask(statements)
    said = refused(one_day)
    assert words in said
    assert "nothing was published" in said
    assert "\n" not in said
    if "popular_tracks" not in statements:
        assert published(ask) == [(day(0), 400)]


def test_an_emptied_schema_is_filled_anew_as_the_message_says(one_day, ask):
    ask("DROP TABLE tracks CASCADE")
    assert "DROP SCHEMA … CASCADE; CREATE SCHEMA …" in refused(one_day)
    ask("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    publish_day(one_day, 1)
    assert published(ask) == [(day(1), 410)]
    assert ask("SELECT count(*) FROM listen_history") == [(161,)]


BESIDE_US = """
    ALTER TABLE tracks ADD note text; ALTER TABLE recommendations ADD remark text;
    CREATE VIEW mine AS SELECT * FROM recommendations_2024_03_01 JOIN tracks USING (track_id);
    CREATE MATERIALIZED VIEW ours AS SELECT * FROM similar_tracks;
    CREATE TABLE likes (track_id bigint REFERENCES tracks); INSERT INTO likes VALUES (1);
    CREATE TABLE rest PARTITION OF recommendations DEFAULT;
    CREATE TABLE recommendations_2024_03_02 (x int);
    DROP INDEX listen_history_track
"""


def test_what_people_add_beside_the_mart_costs_no_day(own_lake, ask):
    settings = dataclasses.replace(own_lake, postgres=dataclasses.replace(own_lake.postgres, keep_days=1))
    ask(BESIDE_US)
    for number in (1, 2, 3):  # the first day's lists retire, on which a view depends
        if number > 1:
            write(settings.lake.root, day(number))
        publish_day(settings, number)
    assert published(ask) == [(day(3), 430)]
    assert ask("SELECT count(*) FROM likes") == [(1,)]


def test_lists_that_a_view_of_somebody_shows_stay_until_the_view_goes(own_lake, ask):
    settings = dataclasses.replace(own_lake, postgres=dataclasses.replace(own_lake.postgres, keep_days=1))
    ask("CREATE VIEW mine AS SELECT * FROM recommendations_2024_03_01")
    for number in (1, 2):
        if number > 1:
            write(settings.lake.root, day(number))
        publish_day(settings, number)
    assert ask("SELECT min(date) FROM recommendations") == [(day(1),)]
    assert ask("SELECT count(*) FROM mine") == [(0,)]


@pytest.mark.parametrize(
    "change",
    [
        "DROP TABLE recommendations_2024_03_01",
        "TRUNCATE tracks, users CASCADE",
        "TRUNCATE listen_history",
        "TRUNCATE publications",
    ],
)
def test_rows_that_were_removed_come_back_with_the_next_day(one_day, ask, change):
    ask(change)
    publish_day(one_day, 1)
    assert published(ask) == [(day(1), 410)]
    assert ask("SELECT count(*) FROM current_similar_tracks") == [(30,)]
    assert ask("SELECT count(*) FROM listen_history") == [(161,)]


def test_a_table_of_somebody_with_a_name_like_ours_stays(one_day, ask):
    ask("CREATE TABLE recommendations_backup AS SELECT * FROM recommendations")
    publish_day(one_day, 1)
    assert ask("SELECT count(*) FROM recommendations_backup") == [(400,)]


def test_lists_of_a_published_day_that_were_removed_come_back_with_the_same_command(one_day, ask):
    ask("TRUNCATE recommendations")
    assert publish_day(one_day, 0)["rows_out"] == 400
    assert published(ask) == [(day(0), 400)]
    assert publish_day(one_day, 0)["reason"] == "published already"


def test_what_is_expected_is_what_the_migrations_make(one_day, ask):
    columns = (
        "SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
    )
    assert {name: ask(columns, name)[0][0] for name in expected.TABLES} == expected.TABLES
    views = ask("SELECT relname FROM pg_class WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace ORDER BY 1")
    assert [name for (name,) in views] == sorted(expected.VIEWS)


@pytest.mark.parametrize("table", ["recommendations", "publications", "alembic_version"])
def test_a_table_that_is_locked_against_everybody_is_waited_for_and_no_longer(one_day, url, table, ask):
    with psycopg.connect(url, application_name="somebody") as holder:
        holder.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(sql.Identifier(table)))
        assert "nothing was published" in refused(one_day)
    assert published(ask) == [(day(0), 400)]
    assert publish_day(one_day, 1)["rows_out"] == 410


@pytest.fixture
def role(server, ask, settings):
    """A role that may log in, and the settings of a publisher with it."""
    name = ask("SELECT current_database()")[0][0] + "_role"
    ask(f"CREATE ROLE {name} LOGIN PASSWORD 'p@ss'")
    url = re.sub(r"//[^@]*@", f"//{name}:p%40ss@", settings.postgres.url)
    yield name, dataclasses.replace(settings, postgres=dataclasses.replace(settings.postgres, url=url))
    ask(f"DROP OWNED BY {name} CASCADE; DROP ROLE {name}")


def test_tables_of_another_role_are_named(one_day, role, ask):
    name, settings = role
    ask(f"GRANT ALL ON SCHEMA public TO {name}; GRANT ALL ON ALL TABLES IN SCHEMA public TO {name}")
    said = refused(settings)
    assert "the publisher must own the mart's tables, but " in said
    assert "tracks is owner's" in said
    ask(f"GRANT owner TO {name}")
    assert publish_day(settings, 1)["rows_out"] == 410


def test_a_role_without_rights_is_told_so(one_day, role):
    assert refused(role[1]).endswith("grant it, then run again; nothing was published")


def set_for_the_database(ask, server: str, setting: str) -> None:
    name = ask("SELECT current_database()")[0][0]
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} SET {setting}".encode())


@pytest.mark.parametrize(
    "setting",
    [
        "client_encoding = 'LATIN1'",
        "statement_timeout = '1ms'",
        "lock_timeout = '1ms'",
        "idle_in_transaction_session_timeout = '1ms'",
        "default_transaction_isolation = 'serializable'",
        "datestyle = 'SQL, DMY'",
        "bytea_output = 'escape'",
    ],
)
def test_a_setting_of_the_database_does_not_change_what_is_published(settings, server, ask, url, setting):
    set_for_the_database(ask, server, setting)
    publish_day(settings)
    with psycopg.connect(conninfo(settings.postgres, options="-c statement_timeout=0"), autocommit=True) as reader:
        assert reader.execute("SELECT album FROM tracks WHERE track_id = 0").fetchone() == ("É\nü",)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("default_transaction_read_only = on", "a session that may only read; name the primary server"),
        ("search_path = ''", "no schema of the search path"),
        ("search_path = nothing", "no schema of the search path (nothing)"),
    ],
)
def test_a_database_in_which_no_mart_can_be_is_refused_before_a_row(settings, server, ask, setting, words):
    set_for_the_database(ask, server, setting)
    assert words in refused(settings, 0)


@pytest.mark.parametrize("encoding", ["LATIN1", "WIN1252", "SQL_ASCII", "EUC_JP"])
def test_a_database_that_cannot_hold_every_name_is_refused_before_a_row(settings, server, encoding):
    name = f"mart_of_{encoding.lower()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'".encode())
        try:
            at = dataclasses.replace(settings.postgres, url=replaced(server, name))
            said = refused(dataclasses.replace(settings, postgres=at), 0)
            assert f"found a database of encoding {encoding}, required is UTF8" in said
            with psycopg.connect(at.url) as other:
                assert other.execute("SELECT to_regclass('tracks') IS NULL").fetchone() == (True,)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


ENVIRONMENT = {
    "PGCLIENTENCODING": "LATIN1",
    "PGOPTIONS": "-c search_path=pg_catalog -c default_transaction_read_only=on",
    "PGDATABASE": "postgres",
    "PGHOST": "nowhere.invalid",
    "PGHOSTADDR": "192.0.2.1",
    "PGPORT": "1",
    "PGSERVICE": "of somebody else",
    "PGTARGETSESSIONATTRS": "standby",
    "PGUSER": "nobody",
    "PGPASSWORD": "none",
    "PGDATESTYLE": "SQL, DMY",
    "PGTZ": "Asia/Kolkata",
}


def test_another_programs_variables_change_nothing(settings, monkeypatch, ask, url):
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    publish_day(settings)
    with psycopg.connect(conninfo(settings.postgres)) as reader:
        assert reader.execute("SELECT album FROM tracks WHERE track_id = 0").fetchone() == ("É\nü",)
        assert reader.execute("SELECT min(listened_at) = '2024-03-01 12:00:00Z' FROM listen_history").fetchone() == (
            True,
        )


def test_a_text_with_a_nul_is_published_without_it(own_lake, ask):
    lake = Lake(own_lake.lake.root)
    row = {**lake.rows("tracks", [("track_id", "=", 3)])[0], "name": "a\0b", "artist": "\0", "genres": "x\0"}
    lake.replace_rows([row], "tracks", "tracks/test", track_id=3)
    publish_day(own_lake, 1)
    assert ask("SELECT name, artist, genres FROM tracks WHERE track_id = 3") == [("ab", "", "x")]


def test_a_server_that_ends_the_session_in_the_middle_loses_nothing(one_day, ask, monkeypatch):
    """As pg_terminate_backend or a restart does."""
    from jobs.mart import changes

    def ended(connection, *_):
        ask("SELECT pg_terminate_backend(%s)", connection.info.backend_pid)
        connection.execute("SELECT 1")

    with monkeypatch.context() as patched:
        patched.setattr(changes, "sync_small", ended)
        assert "see the server and [postgres] url, then run again" in refused(one_day)
    assert published(ask) == [(day(0), 400)]
    assert publish_day(one_day, 1)["rows_out"] == 410


def test_a_server_without_a_free_connection_is_waited_for_and_no_longer(settings, server, ask):
    name = ask("SELECT current_database()")[0][0]
    role = f"limited_{name}"
    ask(f"CREATE ROLE {role} LOGIN PASSWORD 'p@ss'")
    ask(f"ALTER DATABASE {name} CONNECTION LIMIT 1")
    url = re.sub(r"//[^@]*@", f"//{role}:p%40ss@", settings.postgres.url)
    limited = dataclasses.replace(settings.postgres, url=url, wait_seconds=1)
    try:
        with psycopg.connect(url), pytest.raises(Refused, match="too many connections"), explained(limited):
            connect(limited)
    finally:
        ask(f"ALTER DATABASE {name} CONNECTION LIMIT -1; DROP ROLE {role}")
