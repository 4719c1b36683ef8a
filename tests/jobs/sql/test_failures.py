"""What Spark says, as it says it, and the lines that are made of it."""

import pytest
from pyspark.errors import AnalysisException, PySparkException

from conf.errors import Refused
from jobs.sql.failures import text

STACK = "\n\nJVM stacktrace:\norg.apache.spark.sql.catalyst.ExtendedAnalysisException\n\tat org.apache.spark.sql…"


def test_a_syntax_error_is_marked_where_it_is():
    said = "\n[PARSE_SYNTAX_ERROR] Syntax error at or near 'x'. SQLSTATE: 42601 (line 2, pos 4)\n\n== SQL ==\nSELECT *\nFRM x y\n----^^^\n"
    assert text(AnalysisException(said + STACK), "SELECT *\nFRM x y").splitlines() == [
        "error: [PARSE_SYNTAX_ERROR] Syntax error at or near 'x'.",
        "  FRM x y",
        "      ^ line 2, column 5",
    ]


def test_a_column_that_is_not_there_is_said_in_one_line_without_the_plan():
    said = "[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column `nam` cannot be resolved. Did you mean [`name`]. SQLSTATE: 42703; line 1 pos 7;\n'Project ['nam]\n+- Relation"
    assert text(AnalysisException(said + STACK), "SELECT nam FROM tracks").splitlines() == [
        "error: [UNRESOLVED_COLUMN.WITH_SUGGESTION] A column `nam` cannot be resolved. Did you mean [`name`].",
        "  SELECT nam FROM tracks",
        "         ^ line 1, column 8",
    ]


def test_an_error_of_a_running_query_counts_its_columns_from_one():
    said = "[DIVIDE_BY_ZERO] Division by zero. SQLSTATE: 22012\n== SQL (line 1, position 8) ==\nSELECT 1/0\n       ^^^"
    assert text(PySparkException(said + STACK), "SELECT 1/0").splitlines()[1:] == [
        "  SELECT 1/0",
        "         ^ line 1, column 8",
    ]


@pytest.mark.parametrize("said", ["StatusCode.UNAVAILABLE: failed to connect", "[RETRIES_EXCEEDED] The maximum number"])
def test_a_server_that_is_gone(said):
    assert (
        text(PySparkException(said), "SELECT 1")
        == "error: the Spark Connect server does not answer any more; start again"
    )


def test_our_own_refusal_and_other_errors_are_one_line_too():
    assert text(Refused("DROP is refused"), "DROP TABLE x") == "error: DROP is refused"
    assert text(ValueError("no\nmore"), "SELECT 1") == "error: no"
    assert text(ValueError(), "SELECT 1") == "error: ValueError"
