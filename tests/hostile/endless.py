"""Servers that send without end, as fast as they are read."""

import gzip
import itertools
import zlib

from tests.hostile.cases import CHUNKED, GZIP, HTTP, JSON, OPEN, Hostile, body, endless, of, page, pages

HUNDRED = b",".join([b'{"id":1}'] * 100)
MOVED = b"HTTP/1.1 307 Moved\r\n"


def moved_on(asked):
    return [MOVED + b"Location: /%d\r\nContent-Length: 0\r\n\r\n" % len(asked.target + "x" * asked.nth)]


def growing(asked):
    """Each time that a page is asked for there are more."""
    return [body(page(HUNDRED, 1000 * (asked.page + 1) + asked.nth, asked.page))]


def new_names(number: int) -> bytes:
    """Each row has names of its own, ten kB long."""
    return b",".join(b'{"%s%d":1}' % (b"n" * 10_000, 100 * number + row) for row in range(100))


ENDLESS = of(
    {
        "endless status line": endless(b"HTTP/1.1 200 ", b"O"),
        "endless header's line": endless(HTTP + b"X: ", b"y"),
        "endless headers": endless(HTTP, b"X: y\r\n"),
        "endless continued header": endless(HTTP + b"X: y\r\n", b" y\r\n"),
        "endless cookies": endless(HTTP, b"Set-Cookie: a=b; path=/\r\n"),
        "headers of 60 kB each": endless(HTTP, b"X: " + b"y" * 60_000 + b"\r\n"),
        "endless 100": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        "endless 102": endless(b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
        "endless 103 with headers": endless(b"", b"HTTP/1.1 103 Hints\r\nLink: y\r\n\r\n"),
        "endless body": endless(OPEN, b" "),
        "endless body of zeros": endless(OPEN, b"\0"),
        "endless body with a length": endless(JSON + b"Content-Length: 99999999999999\r\n\r\n", b" "),
        "endless chunk's size": endless(CHUNKED, b"0"),
        "endless chunk's extension": endless(CHUNKED + b"1;", b"x"),
        "endless extensions": endless(CHUNKED, b"1;" + b"x" * 60_000 + b"\r\n \r\n"),
        "endless chunks of a byte": endless(CHUNKED, b"1\r\n \r\n"),
        "endless chunk": endless(CHUNKED + b"ffffffffffffffff\r\n", b" "),
        "endless trailers": endless(CHUNKED + b"2\r\n{}\r\n0\r\n", b"X: y\r\n"),
        "endless trailer's line": endless(CHUNKED + b"2\r\n{}\r\n0\r\nX: ", b"y"),
        "endless rows": endless(OPEN + b'{"items":[', b"{},"),
        "endless levels": endless(OPEN, b"["),
        "endless text": endless(OPEN + b'{"items":["', "🎵".encode()),
        "endless digits": endless(OPEN + b'{"total":', b"9"),
        "endless quotes": endless(OPEN + b'{"items":[', b'"",'),
        "endless backslashes": endless(OPEN + b'{"items":["', b"\\\\"),
        "endless members of gzip": endless(GZIP, gzip.compress(b"")),
        "endless empty blocks of gzip": endless(GZIP + gzip.compress(b"")[:10], b"\x00\x00\x00\xff\xff"),
        "endless empty blocks of deflate": endless(
            JSON + b"Content-Encoding: deflate\r\n\r\n" + zlib.compress(b"")[:2], b"\x00\x00\x00\xff\xff"
        ),
        "endless rubbish after gzip": endless(GZIP + gzip.compress(page(b"{}")), b"x"),
        "endless redirect's body": endless(MOVED + b"Location: /tracks\r\n\r\n", b"x"),
        "endless redirects": moved_on,
        "endless body of an error": endless(b"HTTP/1.1 500 Down\r\n\r\n", b"x"),
        "endless body of a refusal": endless(b"HTTP/1.1 403 No\r\n\r\n", b"x"),
        "endless body of 204": endless(b"HTTP/1.1 204 None\r\n\r\n", b"x"),
        "endless over TLS": Hostile(endless(OPEN, b" "), scheme="https", tls=True),
        "endless headers over TLS": Hostile(endless(HTTP, b"X: y\r\n"), scheme="https", tls=True),
        "endless pages": Hostile(pages(lambda number: HUNDRED, 10**11), heavy=True),
        "endless names of fields": Hostile(pages(new_names, 10**11), heavy=True),
        "a total that grows": growing,
        "random bytes": lambda asked: itertools.repeat(bytes(range(256)) * 256),
    }.items()
)
