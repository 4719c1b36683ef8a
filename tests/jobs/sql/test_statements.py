import pytest

from jobs.sql.statements import finished, split, words, writes


def test_a_semicolon_ends_a_statement_but_not_in_quotes_or_comments():
    text = "SELECT ';' AS a; -- one; two\nSELECT `x;y` /* ; */ FROM t;\n;  SELECT 'it\\'s;' "
    assert split(text) == ["SELECT ';' AS a", "-- one; two\nSELECT `x;y` /* ; */ FROM t", "SELECT 'it\\'s;'"]


def test_a_raw_text_ends_at_its_quote_whatever_stands_before():
    assert split(r"SELECT r'\'; SELECT 2") == [r"SELECT r'\'", "SELECT 2"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("SELECT 1", False), ("SELECT 1;", True), ("SELECT 1; -- done", True), ("SELECT ';", False), ("  ", True)],
)
def test_typing_goes_on_until_a_semicolon(text, expected):
    assert finished(text) is expected


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM tracks",
        "-- DELETE\n select 'DROP TABLE x'",
        "(SELECT 1) UNION (SELECT 2)",
        "WITH a AS (SELECT 1) SELECT update FROM a",
        "FROM tracks SELECT count(*)",
        "DESCRIBE HISTORY listens",
        "SHOW TABLES",
        "EXPLAIN DELETE FROM tracks",
    ],
)
def test_what_only_reads_is_let_through(statement):
    assert writes(statement) == ""


@pytest.mark.parametrize(
    ("statement", "word"),
    [
        ("INSERT INTO tracks VALUES (1)", "INSERT"),
        ("/* SELECT */ delete from tracks", "DELETE"),
        ("DROP TABLE tracks", "DROP"),
        ("WITH a AS (SELECT 1) INSERT INTO tracks SELECT * FROM a", "INSERT"),
        ("WITH a AS (SELECT 1) DELETE FROM tracks", "DELETE"),
        ("WITH a AS (SELECT 1) UPDATE tracks SET name = ''", "UPDATE"),
        ("WITH a AS (SELECT 1) MERGE INTO tracks USING a ON true WHEN MATCHED THEN DELETE", "MERGE"),
        ("FROM users INSERT OVERWRITE tracks SELECT 1", "INSERT"),
        ("BEGIN DELETE FROM tracks; END", "BEGIN"),
        ("EXECUTE IMMEDIATE 'DROP TABLE tracks'", "EXECUTE"),
        ("VACUUM tracks", "VACUUM"),
        ("CREATE OR REPLACE TABLE t AS SELECT 1", "CREATE"),
    ],
)
def test_what_writes_is_told_by_its_word(statement, word):
    assert writes(statement) == word


def test_names_in_comments_and_texts_are_not_mentioned():
    assert words("SELECT `Tracks`.name -- users\nFROM Listens WHERE a = 'runs'") == {
        "select",
        "tracks",
        "name",
        "from",
        "listens",
        "where",
        "a",
    }
