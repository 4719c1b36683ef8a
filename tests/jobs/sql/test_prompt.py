"""The prompt as a person uses it: keys go in, an engine that is not Spark answers."""

import pathlib

import pyarrow as pa
import pytest
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from conf.errors import Refused
from jobs.sql.prompt import history, loop, session
from lake.access import Lake


class Engine:
    """Answers every statement by its text."""

    def __init__(self, root: pathlib.Path) -> None:
        self.lake, self.statements, self.stopped = Lake(str(root)), [], 0

    def run(self, statement: str, at_most: int | None = None) -> pa.Table:
        self.statements.append(statement)
        if "slow" in statement:
            raise KeyboardInterrupt
        if "bad" in statement:
            raise Refused("that is bad")
        return pa.table({"answer": [statement]})

    def stop(self) -> None:
        self.stopped += 1


class Talk:
    def __init__(self, root: pathlib.Path) -> None:
        self.engine, self.history = Engine(root), InMemoryHistory()

    def type(self, keys: str) -> str:
        shown: list[str] = []
        with create_pipe_input() as pipe:
            pipe.send_text(keys)
            loop(self.engine, session(self.history, input=pipe, output=DummyOutput()), shown.append)
        return "".join(shown)


@pytest.fixture
def talk(tmp_path) -> Talk:
    return Talk(tmp_path)


def test_enter_ends_a_statement_only_after_its_semicolon(talk):
    shown = talk.type("SELECT 1\rAS a;\rexit\r")
    assert talk.engine.statements == ["SELECT 1\nAS a"]
    assert "(1 row) in " in shown


def test_several_statements_in_a_line_run_up_to_the_first_that_fails(talk, capsys):
    talk.type("SELECT 1; SELECT bad; SELECT 2;\rSELECT 3;\rexit\r")
    assert talk.engine.statements == ["SELECT 1", "SELECT bad", "SELECT 3"]
    assert capsys.readouterr().err == "error: that is bad\n"


def test_ctrl_c_stops_the_query_and_not_the_prompt(talk, capsys):
    talk.type("SELECT slow;\rSELECT 2;\rexit\r")
    assert talk.engine.stopped == 1
    assert talk.engine.statements == ["SELECT slow", "SELECT 2"]
    assert capsys.readouterr().err == "stopped\n"


def test_ctrl_c_drops_what_is_typed_and_ctrl_d_leaves(talk):
    talk.type("SELECT 1\x03SELECT 2;\r\x04SELECT 3;\r")
    assert talk.engine.statements == ["SELECT 2"]


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("help", "Ctrl-C stops a query, or drops"),
        ("tables", "todays_lists"),
        ("\\d", "quarantine_by_reason"),
        ("describe users", "favorite_genres"),
        ("\\d plays_by_day;", "listeners"),
        ("\\d nothing", "there is no table or view nothing"),
    ],
)
def test_commands_are_answered_without_spark(talk, capsys, typed, answer):
    talk.type(f"{typed}\rexit\r")
    assert answer in capsys.readouterr().out
    assert talk.engine.statements == []


def test_what_was_typed_is_kept_as_it_was_typed(talk):
    talk.type("SELECT 1\rAS a;\rexit\r")
    assert talk.history.get_strings() == ["SELECT 1\nAS a;", "exit"]


def test_history_is_kept_for_the_next_time_for_nobody_else_to_read(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    history().store_string("SELECT 1;")
    assert list(history().load_history_strings()) == ["SELECT 1;"]
    file = tmp_path / "moovitamix" / "sql_history"
    assert file.stat().st_mode & 0o077 == 0
