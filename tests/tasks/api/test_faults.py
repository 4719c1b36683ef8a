"""Faults that pass are asked again with manners; others end the fetch with a line that says what to do."""

import datetime
import email.utils
import gzip
import itertools
import json
import logging
import time

import pytest

from tasks import api as fetching
from tasks.api.client import Client
from tests.tasks.api.conftest import lines
from tests.tasks.api.fault_server import Answer, always, once

HTML = Answer(body=b"<!DOCTYPE html><html><body>Down for maintenance</body></html>")
PASSING = {
    "HTTP 500": Answer(status=500),
    "HTTP 502": Answer(status=502, body=b"<html>"),
    "HTTP 503": Answer(status=503),
    "HTTP 429": Answer(status=429),
    "connection reset by peer": Answer(reset=True),
    "a body shorter than announced": Answer(body=b" " * 500, cut=100),
    "an answer that is cut off or not HTTP": Answer(body=b" " * 500, chunked=True, cut=1),
    "a body of 9 bytes that is not JSON": Answer(body=b'{"items":'),
    "an HTML page where JSON is required": HTML,
    "HTTP 204": Answer(status=204),
    "without items, total, page, size, pages": Answer(body=b'{"detail":"error"}'),
    "0 rows where the total of 95 leaves 10": Answer(body=b'{"items":[],"total":95,"page":3,"size":10,"pages":10}'),
}


@pytest.mark.parametrize("found", PASSING)
def test_fault_that_passes_is_asked_again(fetch, server, folder, found):
    server.fault = once(PASSING[found])
    assert fetch().retries == 1
    assert len(lines(folder)) == 95


@pytest.mark.parametrize("found", PASSING)
def test_fault_that_stays_is_named_and_leaves_nothing(fetch, server, folder, found):
    server.fault = always(PASSING[found])
    with pytest.raises(fetching.ApiError) as caught:
        fetch()
    message = str(caught.value)
    assert message.startswith(f"tracks: GET {server.url}/tracks?page=3&size=10: found ")
    assert found in message
    assert "asked 3 times; see " in message
    assert message.endswith(", then run again")
    assert "\n" not in message
    assert list(folder.parent.iterdir()) == []
    server.fault = lambda request: None
    assert fetch().rows == 95


def test_fault_on_the_first_page_is_no_other(fetch, server):
    server.fault = always(Answer(status=500), page=1)
    with pytest.raises(fetching.Unreachable, match=r"page=1&size=10: found HTTP 500"):
        fetch()


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (400, "see what the API asks for"),
        (401, "MOOVITAMIX_API_TOKEN"),
        (404, "base_url"),
        (422, "page_size"),
        (408, ""),
    ],
)
def test_other_4xx_is_never_asked_again(fetch, server, folder, status, hint):
    server.fault = always(Answer(status=status, body=b"private detail"))
    with pytest.raises(
        fetching.BadAnswer, match=rf"page=3&size=10: found HTTP {status}, required is 200; .*{hint}"
    ) as caught:
        fetch()
    assert sum(request.page == 3 for request in server.seen) == 1
    assert "private" not in str(caught.value)
    assert list(folder.parent.iterdir()) == []


def test_nobody_answers(fetch):
    with pytest.raises(
        fetching.Unreachable, match=r"found connection refused, asked 3 times; see whether the API is up"
    ):
        fetch(base_url="http://127.0.0.1:9")


def test_no_such_host(fetch):
    with pytest.raises(fetching.Unreachable, match="found no host of that name"):
        fetch(base_url="http://moovitamix.invalid:8000")


def test_hung_server(fetch, server):
    server.fault = lambda request: time.sleep(1) if request.page == 3 else None
    with pytest.raises(fetching.Unreachable, match=r"found nothing sent for 0.2 s, asked 2 times"):
        fetch(timeout=0.2, retries=1)


def test_hung_once(fetch, server):
    server.fault = lambda request: time.sleep(2) if (request.page, request.nth) == (3, 1) else None
    assert fetch(timeout=1.0).retries == 1


@pytest.mark.slow
def test_slow_server_is_waited_for(fetch, server):
    server.fault = lambda request: time.sleep(0.1)
    assert fetch(timeout=5.0).retries == 0


@pytest.mark.slow
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_honoured_by_all(fetch, server, form):
    asked = []

    def fault(request):
        asked.append((request.page, time.time()))
        if request.page == 3 and request.nth == 1:
            # A date has whole seconds: two ahead is at least one from now.
            when = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=2)
            after = "1" if form == "seconds" else email.utils.format_datetime(when.replace(microsecond=0), usegmt=True)
            return Answer(status=429, headers={"Retry-After": after})
        return None

    server.fault = fault
    assert fetch().retries == 1
    refused_at = next(at for page, at in asked if page == 3)
    late = [at for page, at in asked if at > refused_at + 0.3]
    assert min(late) >= refused_at + 0.95
    assert max(at for page, at in asked if page == 3) < refused_at + 3


def test_retry_after_that_makes_no_sense_is_ignored(fetch, server):
    server.fault = once(Answer(status=503, headers={"Retry-After": "soon"}))
    assert fetch().retries == 1


def test_retry_after_beyond_the_deadline_ends_at_once(fetch, server):
    server.fault = once(Answer(status=503, headers={"Retry-After": "7200"}))
    with pytest.raises(fetching.TooSlow, match=r"deadline of 3600 s; the API asks to wait 7200 s"):
        fetch()


@pytest.mark.slow
def test_rate_limit_costs_no_patience_while_others_get_through(fetch, server):
    asked = itertools.count(1)
    # One request of three is answered, whoever asks: by number, since a busy machine keeps no time.
    server.fault = lambda request: Answer(status=429) if next(asked) % 3 else None
    assert fetch(retries=3, backoff=0.05, concurrency=8).retries > 20


def test_back_off_grows_and_is_not_the_same_for_all(fetch, server, monkeypatch):
    pauses = []
    monkeypatch.setattr(Client, "_sleep", lambda self, seconds, met: seconds and pauses.append(seconds))
    server.fault = always(Answer(status=500), page=1)
    with pytest.raises(fetching.Unreachable):
        fetch(retries=8, backoff=4.0)
    assert len(pauses) == 8
    for pause, full in zip(pauses, [4, 8, 16, 30, 30, 30, 30, 30], strict=True):
        assert full / 2 <= pause <= full
    assert len({pause / full for pause, full in zip(pauses, [4, 8, 16, 30, 30, 30, 30, 30], strict=True)}) == 8


@pytest.mark.slow
def test_deadline_of_an_entity(fetch, server, folder):
    server.fault = lambda request: time.sleep(0.2)
    begun = time.monotonic()
    with pytest.raises(fetching.TooSlow, match=r"^tracks: .*not fetched within the deadline of 1 s; .* raise \[api\]"):
        fetch(deadline=1.0, concurrency=1, timeout=60.0)
    assert time.monotonic() - begun < 3
    assert list(folder.parent.iterdir()) == []


def test_a_deadline_does_not_hide_that_nobody_answers(fetch):
    with pytest.raises(fetching.TooSlow, match=r"^tracks: GET .*; the last try found connection refused; see whether"):
        fetch(base_url="http://127.0.0.1:9", deadline=1.0, retries=20, backoff=60.0)


@pytest.mark.slow
def test_a_drop_now_and_then_does_not_hold_out(fetch, server):
    page = b'{"items":[],"total":0,"page":1,"size":10,"pages":0}'
    server.fault = always(Answer(body=page, drip=0.2), page=1)
    begun = time.monotonic()
    with pytest.raises(fetching.TooSlow):
        fetch(deadline=1.0, timeout=5.0)
    assert time.monotonic() - begun < 3


def test_connections_are_reused_and_bounded(fetch, server):
    at_once, most = [], []

    def fault(request):
        at_once.append(request)
        most.append(len(at_once))
        time.sleep(0.02)
        at_once.remove(request)

    server.fault = fault
    fetch(concurrency=3)
    assert max(most) == 3
    assert server.connections == 3


@pytest.mark.parametrize("headers", [{}, {"Content-Encoding": "gzip"}])
def test_body_has_a_limit(fetch, server, headers):
    body = b" " * 3_000_000
    server.fault = always(Answer(body=gzip.compress(body) if headers else body, headers=headers))
    with pytest.raises(fetching.BadAnswer, match=r"found a body of more than 1 MB; lower \[api\] page_size"):
        fetch(max_body_mb=1.0)
    assert sum(request.page == 3 for request in server.seen) == 1


@pytest.mark.parametrize("form", ["chunked", "gzip", "chunked gzip", "dripping"])
def test_body_may_come_in_any_form(fetch, server, folder, form):
    def fault(request):
        body = json.dumps(server.page(request.path, request.page, request.size)).encode()
        answer = Answer(body=gzip.compress(body) if "gzip" in form else body, chunked="chunked" in form)
        answer.headers = {"Content-Encoding": "gzip"} if "gzip" in form else {}
        answer.drip = 0.0001 if form == "dripping" and request.page == 10 else 0.0
        return answer

    server.fault = fault
    assert fetch().retries == 0
    assert [json.loads(line) for line in lines(folder)] == server.rows["/tracks"]
    assert server.connections <= 4


def test_retries_are_logged_without_rows(fetch, server, caplog):
    caplog.set_level(logging.INFO, "moovitamix.api")
    server.fault = once(Answer(status=500))
    fetch()
    assert "page=3&size=10: found HTTP 500; asked again in" in caplog.text
    assert "artist" not in caplog.text
