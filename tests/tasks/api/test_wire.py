"""Connections end when the client does, and interim answers are passed over."""

import json
import threading
import time

import pytest

from conf.errors import BadSetting
from conf.settings import ApiSettings
from tasks import api as fetching
from tasks.api.client import Client
from tasks.api.deadline import Deadline
from tests.tasks.api.raw_server import answer, raw_server

EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"


def client(url: str, **changes: object) -> Client:
    api = ApiSettings(**{"base_url": url, "retries": 0, **changes})
    return Client(api, Deadline(api.deadline))


@pytest.mark.parametrize("before", [EARLY, GO_ON, GO_ON + EARLY * 5])
def test_interim_answers_are_passed_over(before):
    with raw_server(lambda asked: [before, answer(b"{}")]) as server, client(server.url) as asking:
        assert asking.get("/tracks", {"page": 1}, json.loads) == {}


def test_a_thread_that_still_waits_ends_with_the_client():
    arrived, ended = threading.Event(), []

    def answers(asked):
        arrived.set()
        return [60.0]

    def ask() -> None:
        try:
            asking.get("/tracks", {"page": 1}, json.loads)
        except fetching.ApiError as error:
            ended.append(error)

    with raw_server(answers) as server:
        with client(server.url, timeout=60.0) as asking:
            thread = threading.Thread(target=ask)
            thread.start()
            assert arrived.wait(10)
        thread.join(20)
    assert not thread.is_alive()
    assert len(ended) == 1


@pytest.mark.slow
def test_a_host_of_many_addresses_that_do_not_answer_ends_at_the_deadline(monkeypatch):
    """Each address could be waited for as long as the first."""

    def hang(place, seconds, **_):
        time.sleep(seconds)
        raise TimeoutError

    monkeypatch.setattr("tasks.api.wire.create_connection", hang)
    monkeypatch.setattr("tasks.api.wire._places", lambda host, port, seconds: ["192.0.2.1"] * 100)
    begun = time.monotonic()
    with client("http://many.example", deadline=1.0, connect_timeout=0.4) as asking, pytest.raises(fetching.TooSlow):
        asking.get("/tracks", {"page": 1}, json.loads)
    assert time.monotonic() - begun < 10


def test_a_proxy_of_http_is_bounded_too(monkeypatch):
    with raw_server(lambda asked: [b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 10**5]) as proxy:
        for scheme in ("http", "https"):  # of which the second is a tunnel
            monkeypatch.setenv(f"{scheme}_proxy", proxy.url)
            with client(f"{scheme}://api.example") as asking, pytest.raises(fetching.ApiError, match=r"GET .*: found "):
                asking.get("/tracks", {"page": 1}, json.loads)
    assert len(proxy.seen) == 2


def test_a_proxy_of_socks_is_refused(monkeypatch):
    monkeypatch.setenv("https_proxy", "socks5h://127.0.0.1:1080")
    with client("https://api.example") as asking, pytest.raises(fetching.BadAnswer, match="found a SOCKS proxy in"):
        asking.get("/tracks", {"page": 1}, json.loads)


def test_a_proxy_that_refuses_is_named(monkeypatch):
    with raw_server(lambda asked: [answer(b"", status="407 Proxy Authentication Required")]) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        with (
            client("https://api.example") as asking,
            pytest.raises(fetching.BadAnswer, match="HTTP 407 from the proxy"),
        ):
            asking.get("/tracks", {"page": 1}, json.loads)


def test_a_proxy_where_nobody_answers_is_not_taken_for_the_api(monkeypatch):
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with (
        client("https://api.example") as asking,
        pytest.raises(fetching.Unreachable, match="refused on the way to the"),
    ):
        asking.get("/tracks", {"page": 1}, json.loads)


def test_a_file_of_authorities_that_another_program_names_and_is_not_there_is_told_before_anything_is_asked(
    monkeypatch,
):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere.pem")
    with pytest.raises(BadSetting, match=r"^REQUESTS_CA_BUNDLE or .* found '/nowhere.pem', which is not there"):
        client("https://api.example")
