import contextlib

import pytest

from conf.errors import BadSetting
from tasks.run import spark_server
from tasks.run.spark_server import KeptServer, kept


class Process:
    """A server that was started, until it is killed."""

    code = None

    def poll(self):
        return self.code


@pytest.fixture
def started(monkeypatch):
    """The servers started so far; nobody else's answers."""
    processes: list[Process] = []
    monkeypatch.setattr(spark_server, "start", lambda *_: processes.append(Process()) or processes[-1])
    monkeypatch.setattr(spark_server, "answers", lambda port: False)
    monkeypatch.setattr(spark_server, "end", lambda process, patience: setattr(process, "code", -15))
    return processes


def test_a_server_that_was_killed_is_replaced_and_counted_once(started, tmp_path):
    with kept(1, tmp_path / "log") as server:
        server.replace()
        assert (len(started), server.losses) == (1, 0)
        started[0].code = -9
        server.replace()
        server.replace()
        assert (len(started), server.losses) == (2, 1)
    assert started[1].code == -15


def test_somebody_elses_server_is_used_and_replaced_when_it_is_gone(started, tmp_path, monkeypatch):
    monkeypatch.setattr(spark_server, "answers", lambda port: True)
    server = KeptServer(1, tmp_path / "log")
    server.ensure()
    assert started == []
    monkeypatch.setattr(spark_server, "answers", lambda port: False)
    server.replace()
    assert (len(started), server.losses) == (1, 1)


def test_a_server_is_stopped_where_the_block_fails(started, tmp_path):
    with contextlib.suppress(ValueError), kept(1, tmp_path / "log"):
        raise ValueError
    assert started[0].code == -15


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--prot=1"], "did you mean --port"),
        (["--port=0"], "a whole number from 1 to 65535"),
        (["--rows=many"], "a whole number of at least 0"),
        (["start"], "not expected"),
    ],
)
def test_a_mistake_in_its_words_is_one_line(words, said):
    with pytest.raises(BadSetting, match=said):
        spark_server.arguments().parse_args(words)
