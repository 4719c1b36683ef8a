"""Servers that are slow, or fall silent: each byte comes long before a read would give up."""

import gzip

from tests.hostile.cases import CHUNKED, GZIP, HTTP, JSON, OPEN, Hostile, body, of, page, says, silent, slowly

ROWS = body(page(b"{}"))
LENGTH = JSON + b"Content-Length: 1000000\r\n\r\n"
MOVED = b"HTTP/1.1 307 Moved\r\nLocation: /tracks?page=1&size=100\r\n"
DOWN = b"HTTP/1.1 500 Down\r\nContent-Length: 100000\r\n\r\n"


def after_the_first(then):
    """The first page as it should be; then what is said."""
    rows = b",".join([b'{"id":1}'] * 100)
    return lambda asked: [body(page(rows, 5000))] if asked.page == 1 else then(asked)


SLOW = of(
    {
        "slow status line": slowly(b"HTTP/1.1 200 ", b"O"),
        "slow status line from its first byte": slowly(b"", b"H"),
        "slow header's name": slowly(HTTP, b"X"),
        "slow header's value": slowly(HTTP + b"X: ", b"y"),
        "slow headers, each a line": slowly(HTTP, b"X: y\r\n", 0.02),
        "slow continued header": slowly(HTTP + b"X: y\r\n", b" y\r\n", 0.02),
        "slow interim answers": slowly(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.02),
        "slow interim answer's headers": slowly(b"HTTP/1.1 103 Early Hints\r\n", b"Link: y\r\n"),
        "slow body": slowly(OPEN, b" "),
        "slow body with a length": slowly(LENGTH, b" "),
        "slow body of rows": slowly(OPEN + b'{"items":[', b"{},"),
        "slow chunk's size": slowly(CHUNKED, b"0"),
        "slow chunk's extension": slowly(CHUNKED + b"1;", b"x"),
        "slow chunk": slowly(CHUNKED + b"fffff\r\n", b" "),
        "slow chunks of a byte": slowly(CHUNKED, b"1\r\n \r\n", 0.02),
        "slow trailer": slowly(CHUNKED + b"0\r\n", b"X: y\r\n"),
        "slow trailer's line": slowly(CHUNKED + b"0\r\nX: ", b"y"),
        "slow gzip": slowly(GZIP, gzip.compress(b" " * 100)),
        "slow empty blocks of gzip": slowly(GZIP + gzip.compress(b"")[:10], b"\x00\x00\x00\xff\xff"),
        "slow redirect's headers": slowly(MOVED, b"X: y\r\n", 0.02),
        "slow redirect's body": slowly(MOVED + b"\r\n", b"x"),
        "slow body of an error": slowly(DOWN, b"x"),
        "slow body of a refusal": slowly(b"HTTP/1.1 404 No\r\nContent-Length: 100000\r\n\r\n", b"x"),
        "slow after the first page": after_the_first(slowly(OPEN, b" ")),
        "silent": silent(b""),
        "silent after a byte": silent(b"H"),
        "silent after the status": silent(HTTP),
        "silent in a header": silent(HTTP + b"Content-Le"),
        "silent after the headers": silent(OPEN),
        "silent before a body with a length": silent(LENGTH),
        "silent in a body": silent(LENGTH + b'{"items":['),
        "silent in a chunk": silent(CHUNKED + b"ff\r\n{"),
        "silent before the last chunk": silent(CHUNKED + b"2\r\n{}\r\n"),
        "silent before the end of trailers": silent(CHUNKED + b"2\r\n{}\r\n0\r\n"),
        "silent after an interim answer": silent(b"HTTP/1.1 100 Continue\r\n\r\n"),
        "silent after the first page": after_the_first(silent(b"")),
        "silent in a body of no length": silent(b"HTTP/1.0 200 OK\r\n\r\n{}"),
        "silent TLS handshake": Hostile(silent(b""), scheme="https", greets=True),
        "slow TLS handshake": Hostile(slowly(b"\x16\x03\x03\x40\x00", b"\x02"), scheme="https", greets=True),
        "silent over TLS": Hostile(silent(HTTP), scheme="https", tls=True),
        "slow over TLS": Hostile(slowly(HTTP, b"X"), scheme="https", tls=True),
        "a name that is never found": Hostile(says(ROWS), host="hangs.example"),
        "busy without end": says(b"HTTP/1.1 429 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"),
        "asks to wait for hours": says(b"HTTP/1.1 503 Down\r\nRetry-After: 36000\r\nContent-Length: 0\r\n\r\n"),
    }.items()
)
