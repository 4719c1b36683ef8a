from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from jobs.sql.completion import NameCompleter


def completions(text: str, after: str = "") -> list[str]:
    document = Document(text + after, len(text))
    return [found.text for found in NameCompleter().get_completions(document, CompleteEvent(completion_requested=True))]


def test_tables_and_views_come_first_after_from():
    assert completions("SELECT * FROM to")[:2] == ["todays_lists", "top_tracks"]


def test_columns_are_those_of_the_tables_that_the_text_names():
    found = completions("SELECT dur", " FROM tracks")
    assert found == ["duration_s"]
    assert "email" not in completions("SELECT e", " FROM tracks")


def test_after_a_dot_there_are_columns_alone():
    assert completions("SELECT q.rea", " FROM quarantine q") == ["reasons"]


def test_words_of_sql_follow_the_case_that_is_typed():
    assert "select" in completions("sel")
    assert "SELECT" in completions("SEL")
