"""What the API's headers may say and its address may be: rows come of it, or one line does."""

import base64
import contextlib
import email.utils
import gzip
import json
import logging
import pathlib
import re
import socket
import time
import zlib
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conf.contract import ENTITIES
from conf.errors import BadSetting, Refused
from conf.settings import ApiSettings, parse
from tasks.api import Manifest, deadline, fetch_snapshot
from tasks.api import client as clients
from tasks.api.retry_after import wanted_wait
from tests.tasks.api.conftest import DATE, lines, track
from tests.tasks.api.raw_server import CLOSE, Asked, RawServer, answer, page_of, raw_server

ROWS = [track(number) | {"name": f"Für Elise № {number}"} for number in range(1, 26)]
BUSY = "429 Too Many Requests"
SECRET = "s3cr3t"


def served(asked: Asked) -> bytes:
    return page_of(ROWS, asked.page)


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "raw" / "tracks" / "date=2024-03-01"


@pytest.fixture
def clock(monkeypatch) -> list[float]:
    """Waits take no time: the clock is moved on instead. The list has them."""
    waits: list[float] = []
    real = clients.time.monotonic

    class Time:
        @staticmethod
        def monotonic() -> float:
            return real() + sum(waits)

    def sleep(client: clients.Client, seconds: float, met: str) -> None:
        client._deadline.left(seconds, met)
        waits.append(seconds)

    monkeypatch.setattr(clients, "time", Time)
    monkeypatch.setattr(deadline, "time", Time)
    monkeypatch.setattr(clients.Client, "_sleep", sleep)
    return waits


def fetch(url: str, folder: pathlib.Path, **changes: object) -> Manifest:
    api = ApiSettings(
        **{
            "base_url": url,
            "page_size": 10,
            "concurrency": 1,
            "timeout": 5.0,
            "retries": 2,
            "backoff": 0.001,
            "attempts": 1,
            **changes,
        }
    )
    return fetch_snapshot(ENTITIES["tracks"], folder, DATE, api)


@pytest.fixture
def outcome(folder) -> Callable[..., str]:
    """Fetch from a server that answers so: "rows", if they are those that it has, or the line that says why not."""

    def run(answers: Callable[[Asked], bytes], **changes: object) -> str:
        with raw_server(lambda asked: [answers(asked)]) as server:
            found = said(lambda: fetch(server.url, folder, **changes))
        if found:
            return found
        assert [json.loads(line) for line in lines(folder)] == ROWS
        return "rows"

    return run


def said(work: Callable[[], object]) -> str:
    """The line that the work ends with, if it is refused."""
    try:
        work()
    except Refused as refused:
        return refused.message if "\n" not in refused.message else "more than one line"
    return ""


def once(first: bytes) -> Callable[[Asked], bytes]:
    """The answer to the first request for each page; then the page."""
    return lambda asked: first if asked.nth == 1 else answer(served(asked))


DATED = "Date: Sun, 06 Nov 1994 08:47:37 GMT"  # what dates count from
WAITS = {
    "0": 0,
    "120": 120,
    " 120 ": 120,
    "120.5": 120.5,
    "+120": 120,
    "00120": 120,
    "-120": 0,
    "1e9": 0,
    "9" * 400: 0,
    "86401": 0,
    "inf": 0,
    "nan": 0,
    "0x10": 0,
    "soon": 0,
    "": 0,
    "5, 10": 0,
    "²": 0,
    "\udce2\udc82\udcac": 0,
    "Fri, 31 Dec 99999 23:59:59 GMT": 0,
    "Fri, 31 Dec 9999 23:59:59 GMT": 0,
    "Thu, 01 Jan 1970 00:00:00 GMT": 0,
    "Mon, 32 Foo 2024 25:61:61 GMT": 0,
    "Fri, 31 Dec 2024 23:59:59 +99999999999999": 0,
    "Sun, 06 Nov 1994 08:49:37 GMT": 120,
    "Sunday, 06-Nov-94 08:49:37 GMT": 120,
    "Sun Nov  6 08:49:37 1994": 120,
    "Sun, 06 Nov 1994 09:49:37 +0100": 120,
}


@pytest.mark.parametrize("value", WAITS)
def test_retry_after_is_waited_for_where_it_makes_sense(outcome, clock, value):
    assert outcome(once(answer(b"{}", DATED, f"Retry-After: {value}", status=BUSY))) == "rows"
    assert max(clock) == pytest.approx(WAITS[value], abs=5)


@pytest.mark.parametrize("first", ["1", "soon", "99999999"])
def test_of_two_headers_retry_after_the_longer_one_that_makes_sense_counts(outcome, clock, first):
    headers = f"Retry-After: {first}", "Retry-After: 60"
    assert outcome(once(answer(b"{}", *headers, status=BUSY))) == "rows"
    assert max(clock) == pytest.approx(60, abs=1)


@pytest.mark.parametrize("sent", [None, "", "yesterday", "Fri, 31 Dec 99999 23:59:59 GMT"])
def test_a_date_counts_from_this_machine_s_clock_where_the_answer_has_none(sent):
    until = email.utils.formatdate(time.time() + 600, usegmt=True)
    assert wanted_wait([until], sent) == pytest.approx(600, abs=60)


def test_an_api_that_always_asks_for_more_time_ends_at_the_deadline(outcome, clock):
    found = outcome(lambda asked: answer(b"", "Retry-After: 3000", status="503 Down"), deadline=3600.0)
    assert "not fetched within the deadline of 3600 s; the API asks to wait 3000 s more" in found
    assert sum(clock) < 3600


@pytest.mark.parametrize(
    "header",
    [
        "Content-Type: application/json; charset=utf-16",
        "Content-Type: application/json; charset=iso-8859-1",
        "Content-Type: application/json; charset=klingon",
        'CONTENT-TYPE: Application/JSON; Charset="UTF-8"; q=1; charset=latin-1',
        "Content-Type: text/html",
        "Content-Type:",
        "Content-Type: \udcff\udcfe",
        "X-None: 1",
    ],
)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "BOM"])
def test_json_is_utf_8_whatever_the_content_type_says(outcome, header, mark):
    assert outcome(lambda asked: answer(mark + served(asked), header)) == "rows"


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "utf-32-be", "cp1252"])
def test_another_encoding_is_named(outcome, charset):
    body = json.dumps({"items": [{"name": "Für"}]}, ensure_ascii=False).encode(charset)
    found = outcome(lambda asked: answer(body, f"Content-Type: application/json; charset={charset}"))
    assert f"found a body of {len(body)} bytes that is not UTF-8, as JSON has to be, asked 3 times" in found


CODINGS = {
    "gzip": gzip.compress,
    "GZip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "gzip, gzip": lambda body: gzip.compress(gzip.compress(body)),
    "deflate ,GZIP": lambda body: gzip.compress(zlib.compress(body)),
    "gzip, identity": gzip.compress,
    "identity": bytes,
    "Identity, ": bytes,
    "": bytes,
}


@pytest.mark.parametrize("coding", CODINGS)
def test_content_encoding_is_undone_however_it_is_spelled(outcome, coding):
    assert outcome(lambda asked: answer(CODINGS[coding](served(asked)), f"Content-Encoding: {coding}")) == "rows"


@pytest.mark.parametrize(
    ("coding", "found"),
    [
        ("gzip", "a body that is not what its Content-Encoding says"),
        ("deflate", "a body that is not what its Content-Encoding says"),
        ("br", "a body in Content-Encoding br, where gzip, deflate or none was asked for"),
        ("zstd", "a body in Content-Encoding zstd, where"),
        ("utf-8", "a body in Content-Encoding utf-8, where"),
        ("gzip, br", "a body in Content-Encoding gzip, br, where"),
        ("gzip" + ", gzip" * 9, "a body in Content-Encoding gzip, gzip, gzip"),
        ("\udcff", r"a body in Content-Encoding \xff, where"),
    ],
)
def test_a_coding_that_lies_or_was_not_asked_for_is_named(outcome, coding, found):
    assert f"found {found}" in outcome(lambda asked: answer(served(asked), f"Content-Encoding: {coding}"))


def test_a_compressed_body_without_its_header_is_one_line(outcome):
    assert "that is not UTF-8" in outcome(lambda asked: answer(gzip.compress(served(asked))))


def test_only_codings_that_can_be_undone_are_asked_for(folder):
    with raw_server(lambda asked: [answer(served(asked))]) as server:
        fetch(server.url, folder)
        assert {asked.headers["accept-encoding"] for asked in server.seen} == {"gzip, deflate"}


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        (["Content-Length: 99999"], "a body shorter than announced"),
        # What comes after the announced end is seen as the server closes, which may be while the page is asked for again.
        (["Content-Length: 10"], "not JSON|connection|pipe"),
        (["Content-Length: 0"], "not JSON|connection|pipe"),
        (["Content-Length: -5"], "rows"),
        (["Content-Length: many"], "rows"),
        (["Content-Length: 5, 7"], "an answer that is cut off or not HTTP"),
        (["Content-Length: " + "9" * 400], "a body shorter than announced"),
        (["Transfer-Encoding: identity"], "rows"),
        (["Transfer-Encoding: chunked"], "an answer that is cut off or not HTTP"),
        (["Transfer-Encoding: gzip, chunked"], "rows"),
        ([], "rows"),
    ],
    ids=str,
)
def test_a_length_or_framing_that_lies_gives_rows_or_one_line(folder, headers, found):
    with raw_server(lambda asked: [answer(served(asked), *headers, length=False), CLOSE]) as server:
        assert re.search(found, said(lambda: fetch(server.url, folder, retries=1)) or "rows")


@pytest.mark.parametrize(
    "status", ["204 No Content", "206 Partial", "304 Not Modified", "300 Choices", "305 Use", "202"]
)
@pytest.mark.parametrize("body", [b"", b"{}"])
def test_an_answer_that_is_no_page_is_asked_for_again(outcome, status, body):
    assert outcome(once(answer(body, status=status))) == "rows"


@pytest.mark.parametrize("status", [101, 204, 206, 304, 600, 999])
def test_a_status_that_stays_is_named(outcome, status):
    found = outcome(lambda asked: answer(b"", status=f"{status} What"))
    assert f"found HTTP {status}, asked 3 times; see what answers at that address" in found


@pytest.mark.parametrize("status", ["1000 High", "99 Low", "abc", "", "-200 OK"])
def test_a_status_line_that_is_none_is_one_line(outcome, status):
    assert "found an answer that is cut off or not HTTP, asked 3 times" in outcome(
        lambda asked: answer(b"", status=status)
    )


@pytest.mark.parametrize(
    "header",
    [
        "ETag: nonsense",
        "Date: the day after tomorrow",
        "Date: Fri, 31 Dec 99999 23:59:59 GMT",
        "Set-Cookie: a=b; expires=Fri, 31 Dec 99999 23:59:59 GMT; domain=.example.org",
        "Set-Cookie: \udcff=\udcfe; path",
        "Location: /elsewhere",
        "Refresh: 0; url=http://example.org",
        "Age: -1",
        "Server: " + "x" * 60_000,
        "no colon at all",
        ": no name",
    ],
)
def test_other_headers_do_not_matter(outcome, header):
    assert outcome(lambda asked: answer(served(asked), header)) == "rows"


def test_cookies_are_neither_kept_nor_sent(folder):
    with raw_server(lambda asked: [answer(served(asked), "Set-Cookie: session=1; path=/")]) as server:
        fetch(server.url, folder)
        assert not [asked for asked in server.seen if "cookie" in asked.headers]


def moved(to: str, status: int = 307) -> Callable[[Asked], bytes]:
    """Sends each request elsewhere, and serves what is asked for under /there."""

    def answers(asked: Asked) -> bytes:
        if asked.target.startswith("/there"):
            return answer(served(asked))
        return answer(
            b"moved", f"Location: {to.format(query=asked.target.partition('?')[2])}", status=f"{status} Moved"
        )

    return answers


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("to", ["/there/tracks/?{query}", "there?{query}#part", "//127.0.0.1:PORT/there?{query}"])
def test_a_redirect_within_the_origin_is_followed(folder, status, to):
    with raw_server(lambda asked: []) as server:
        server.answers = lambda asked: [moved(to.replace("PORT", str(server.port)), status)(asked)]
        fetch(server.url, folder)
    assert len(lines(folder)) == len(ROWS)


@pytest.mark.parametrize(
    "location",
    [
        "http://localhost:PORT/there?{query}",
        "https://127.0.0.1:PORT/there?{query}",
        "http://127.0.0.1:1/there",
        "http://user:s3cr3t@example.org/",
        "ftp://127.0.0.1:PORT/",
        "file:///etc/passwd",
        "http://[::1",
        "http://127.0.0.1:PORT99999/",
        "http://" + "x" * 5000,
    ],
)
def test_a_redirect_to_elsewhere_is_refused_unasked(folder, location):
    with raw_server(lambda asked: []) as server:
        server.answers = lambda asked: [moved(location.replace("PORT", str(server.port)))(asked)]
        with pytest.raises(Refused, match=r"page=1&size=10: found a redirect to .*; see \[api\] base_url$") as caught:
            fetch(server.url, folder, token="t0k3n")
        assert len(server.seen) == 1
    assert len(caught.value.message) < 300
    assert SECRET not in caught.value.message


def test_redirects_in_a_circle_end(outcome):
    assert "found more than 5 redirects" in outcome(lambda asked: answer(b"", "Location: /round", status="302 Found"))


USABLE = [
    "http://127.0.0.1:PORT",
    "http://127.0.0.1:PORT/",
    "HTTP://127.0.0.1:PORT//",
    "http://127.0.0.1:PORT/api",
    "http://127.0.0.1:PORT/api/",
    "http://127.0.0.1:PORT/a%20b/ü",
    f"http://me:{SECRET}@127.0.0.1:PORT",
    f"http://m%40e:%3A{SECRET}%2F@127.0.0.1:PORT/api",
    f"http://日本:{SECRET}語@127.0.0.1:PORT",
    f"http://{SECRET}@127.0.0.1:PORT",
    "http://LOCALHOST:PORT",
]


@pytest.mark.parametrize("url", USABLE)
def test_an_address_that_can_be_used_is(folder, url, caplog):
    caplog.set_level(logging.DEBUG)
    with raw_server(lambda asked: [answer(served(asked))]) as server:
        url = parse({"api": {"base_url": url.replace("PORT", str(server.port))}}).api.base_url
        manifest = fetch(url, folder)
        sent = server.seen[0].headers.get("authorization", "")
        paths = {asked.target.partition("?")[0] for asked in server.seen}
    assert {path.rpartition("/")[2] for path in paths} == {"tracks"}
    assert not any("//" in path for path in paths)
    assert (SECRET in base64.b64decode(sent.removeprefix("Basic ")).decode()) == (SECRET in url)
    assert SECRET not in manifest.to_json() + caplog.text


@pytest.mark.parametrize(
    "url",
    [
        "http://host?key=s3cr3t",
        "http://host/?",
        "http://host/#s3cr3t=1",
        "http://host/#",
        " http://host",
        "http://host ",
        "http://ho st",
        "http://host\x01/",
        "ftp://host",
        "host",
        "http://",
        "http:///path",
        "http://:80",
        "http://host:99999",
        "http://host:port",
        "http://me:s3#cr3t@host",
        "http://me:s3cr3t@",
        "http://me:s3cr3t/x@host",
        "http://me:s3cr3t@ho st",
        "http://[::1",
        "http://[::zz]",
        "http://a..b",
        "http://*.example.org",
        "http://ho\\st",
        "http://" + "a" * 64 + ".example",
    ],
)
def test_an_address_that_cannot_be_used_is_refused_before_anything_starts(url):
    with pytest.raises(BadSetting, match=r"^\[api\] base_url: found .*, allowed is a URL") as caught:
        parse({"api": {"base_url": url}})
    assert "s3" not in caught.value.message


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("http://[fe80::1%25lo]:8000", "http://[fe80::1%25lo]:8000"),
        ("http://[fe80::1%lo]:8000", "http://[fe80::1%25lo]:8000"),
        ("http://[fe80::1%252]:8000/x", "http://[fe80::1%252]:8000/x"),
        ("http://[::1]", "http://[::1]"),
        ("http://bücher.example", "http://xn--bcher-kva.example"),
        ("https://Example.ORG:443/x/", "https://example.org:443/x"),
        ("http://under_score.example.", "http://under_score.example."),
    ],
)
def test_an_address_of_ipv6_or_with_other_letters_is_asked(url, found):
    api = parse({"api": {"base_url": url}}).api
    with clients.Client(api, deadline.Deadline(1)) as client:
        assert client._base == found


def has_ipv6() -> bool:
    with contextlib.suppress(OSError), socket.create_server(("::1", 0), family=socket.AF_INET6):
        return True
    return False


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
@pytest.mark.parametrize("host", ["[::1]", "[::1%251]"])
def test_an_address_of_ipv6_works(folder, host):
    with raw_server(lambda asked: [answer(served(asked))], host="::1") as server:
        assert fetch(f"http://{host}:{server.port}", folder).rows == len(ROWS)


NAMES = st.sampled_from(
    [
        "Retry-After",
        "Content-Type",
        "Content-Encoding",
        "Content-Length",
        "Transfer-Encoding",
        "Location",
        "Date",
        "ETag",
        "Set-Cookie",
        "Connection",
    ]
)
VALUES = st.one_of(
    st.integers().map(str),
    st.floats().map(str),
    st.datetimes().map(lambda when: when.strftime("%a, %d %b %Y %H:%M:%S GMT")),
    st.sampled_from(
        ["gzip", "chunked", "identity", "close", "gzip, gzip", "/tracks", "//", "br", "\x00", "utf-8", "=?"]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=40),
    st.binary(max_size=40).map(
        lambda raw: raw.replace(b"\n", b"").replace(b"\r", b"").decode("utf-8", "surrogateescape")
    ),
)
STATUSES = st.one_of(st.just(200), st.integers(100, 999))


@pytest.fixture(scope="module")
def any_server():
    with raw_server(lambda asked: []) as server:
        yield server


@pytest.mark.slow
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(status=STATUSES, headers=st.lists(st.tuples(NAMES, VALUES), max_size=3), length=st.booleans())
def test_whatever_a_header_says_rows_come_of_it_or_one_line(
    any_server: RawServer, clock, tmp_path_factory, status, headers, length
):
    clock.clear()
    any_server.seen.clear()
    texts = [f"{name}: {value}" for name, value in headers]
    any_server.answers = lambda asked: [answer(served(asked), *texts, status=f"{status} Said", length=length), CLOSE]
    folder = tmp_path_factory.mktemp("any") / "raw" / "date=2024-03-01"
    found = said(lambda: fetch(any_server.url, folder, retries=1, deadline=600.0))
    assert found.startswith("tracks: ") if found else len(lines(folder)) == len(ROWS)
    assert found != "more than one line"
    assert len(found) < 400
    assert len(any_server.seen) <= 100
    assert sum(clock) <= 600
