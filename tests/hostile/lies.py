"""Servers that lie about length, frame their answers wrongly, or speak something else."""

from tests.hostile.cases import CHUNKED, HTTP, JSON, OPEN, Hostile, body, of, page, says
from tests.tasks.api.raw_server import CLOSE, answer

GOOD = page(b"{}", 1)
HUNDRED = b",".join([b"{}"] * 100)
LATIN = "ä".encode("latin-1")


def length(value: str, content: bytes = GOOD) -> object:
    return says(answer(content[:-1], f"Content-Length: {value}", length=False), CLOSE)


def moved(to: str) -> object:
    return says(answer(b"", f"Location: {to}", status="302 Found"))


LIES = of(
    {
        "a length that is too long": length("999999"),
        "a length that is too short": length("20"),
        "a length of none": length("0"),
        "a negative length": length("-1"),
        "a length of 400 digits": length("9" * 400),
        "two lengths": length("10, 20"),
        "a length that is no number": length("0x10"),
        "a length and chunks": says(CHUNKED[:-2] + b"Content-Length: 3\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
        "more than the length says": says(body(b"{}") + b"HTTP/1.1 200 OK\r\n\r\n" * 1000),
        "another answer behind the first": says(body(b"{}") + body(GOOD)),
        "a chunk of no number": says(CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n"),
        "a negative chunk": says(CHUNKED + b"-2\r\n{}\r\n0\r\n\r\n", CLOSE),
        "a chunk longer than it says": says(CHUNKED + b"1\r\n{}{}{}\r\n0\r\n\r\n", CLOSE),
        "a chunk shorter than it says": says(CHUNKED + b"ff\r\n{}\r\n0\r\n\r\n", CLOSE),
        "chunks without an end": says(CHUNKED + b"2\r\n{}\r\n", CLOSE),
        "chunks that are none": says(CHUNKED + GOOD, CLOSE),
        "gzip and chunked": says(CHUNKED.replace(b"chunked", b"gzip, chunked") + b"2\r\n{}\r\n0\r\n\r\n", CLOSE),
        "chunked twice": says(CHUNKED.replace(b"chunked", b"chunked, chunked") + b"2\r\n{}\r\n0\r\n\r\n", CLOSE),
        "gzip that is none": says(body(GOOD, b"Content-Encoding: gzip")),
        "codings without end": says(body(GOOD, b"Content-Encoding: " + b"gzip, " * 5000 + b"gzip")),
        "a coding nobody asked for": says(body(GOOD, b"Content-Encoding: br")),
        "nothing at all": says(CLOSE),
        "the body alone": says(GOOD, CLOSE),
        "another protocol's greeting": says(b"SSH-2.0-OpenSSH_9.9\r\n", CLOSE),
        "HTTP/2": says(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00", CLOSE),
        "HTTP/9.9": says(b"HTTP/9.9 200 OK\r\n\r\n" + GOOD, CLOSE),
        "a status of letters": says(b"HTTP/1.1 OK 200\r\n\r\n", CLOSE),
        "a status of 999": says(b"HTTP/1.1 999 No\r\nContent-Length: 0\r\n\r\n"),
        "a switch of protocols": says(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", CLOSE),
        "headers of NUL": says(HTTP + b"\0: \0\r\n\r\n" + GOOD[:-1], CLOSE),
        "returns without line feeds": says(b"HTTP/1.1 200 OK\rContent-Length: 2\r\r{}", CLOSE),
        "a redirect to another host": moved("http://example.org/"),
        "a redirect to a file": moved("file:///etc/passwd"),
        "a redirect in a circle": moved("/tracks"),
        "plain HTTP where TLS is asked": Hostile(says(OPEN), scheme="https", greets=True),
        "TLS nobody vouches for": Hostile(says(body(GOOD)), scheme="https", tls=True, trusted=False),
        "TLS where plain HTTP is asked": Hostile(says(b"\x15\x03\x01\x00\x02\x02\x46", CLOSE)),
        "HTML": says(body(b"<html>" * 100)),
        "not UTF-8": says(body(page(b'"' + LATIN * 1000 + b'"', 1))),
        "a total of 400 digits": says(body(page(HUNDRED, b"9" * 400))),
        "a total of a million digits": says(body(page(HUNDRED, b"9" * 10**6))),
        "a total that is no number": says(body(page(HUNDRED, b"1e999"))),
        "always page 1": says(body(page(HUNDRED, 1000))),
        "rows that are no objects": lambda asked: [body(page(b",".join([b"1"] * 100), 100, asked.page))],
        "header after header, then none": says(JSON + b"X\r\n" * 50 + b"\r\n", CLOSE),
    }.items()
)
