"""Servers whose answer is small on the wire, or legal, and large in memory."""

import functools
import gzip
import zlib

from tests.hostile.cases import GZIP, JSON, Hostile, body, bomb, filled, of, page, pages
from tests.tasks.api.raw_server import Asked

MEGABYTES = 9  # just less than the largest page that is taken
EMOJI = "🎵".encode()


@functools.cache
def packed() -> bytes:
    return bomb(b"[],")


def one(make):
    """The answer is made when it is asked for, and given to all pages."""
    made = functools.cache(make)
    return Hostile(lambda asked: [made()], heavy=True)


def large(items):
    """A page of many megabytes, whatever page is asked for: 40 of them, so that several are under way."""
    made = functools.cache(items)

    def answers(asked: Asked) -> list[bytes]:
        return [body(page(made(), 4000, asked.page))]

    return Hostile(answers, heavy=True)


def text(unit: bytes) -> bytes:
    """A hundred rows of one text each; one letter in each takes four bytes in memory, and all the others with it."""
    row = b'"' + EMOJI + unit * int(MEGABYTES * 2**20 / 100 / len(unit) - 10) + b'"'
    return b",".join([row] * 100)


def row_of(unit: bytes, megabytes: float = MEGABYTES) -> bytes:
    """A hundred rows, the first a list of many."""
    return b",".join([b"[" + filled(unit, megabytes) + b"]", *[b"{}"] * 99])


def nested(left: bytes, right: bytes, levels: int) -> bytes:
    return b",".join([left * levels + right * levels, *[b"{}"] * 99])


BOMBS = of(
    {
        "bomb of gzip": one(lambda: GZIP + bomb(b" ")),
        "bomb of rows in gzip": one(lambda: GZIP + packed()),
        "bomb of gzip in gzip": one(lambda: GZIP.replace(b"gzip", b"gzip, gzip") + gzip.compress(packed())),
        "bomb of gzip in deflate": one(lambda: GZIP.replace(b"gzip", b"gzip, deflate") + zlib.compress(packed())),
        "bomb of gzip, chunked": one(
            lambda: (
                JSON
                + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n"
                % (len(packed()), packed())
            )
        ),
        "63 MB of empty lists": one(lambda: body(page(filled(b"[]", 63)))),
        "9 MB of empty lists": large(lambda: filled(b"[]", MEGABYTES)),
        "9 MB of empty lists in a row": large(lambda: row_of(b"[]")),
        "9 MB of objects in a row": large(lambda: row_of(b'{"":0}')),
        "9 MB of numbers in a row": large(lambda: row_of(b"1")),
        "9 MB of texts in a row": large(lambda: row_of(b'"a"')),
        "as many values as are taken": large(lambda: row_of(b'{"k":1.5}', 1.15)),
        "9 MB of levels": large(lambda: nested(b"[", b"]", 7 * 2**20)),
        "a thousand levels": large(lambda: nested(b'{"a":', b"}", 1000)),
        "9 MB of wide text": large(lambda: text(b"x")),
        "9 MB of escapes": large(lambda: text(rb"\u0041")),
        "9 MB of escaped quotes": large(lambda: text(rb"\"")),
        "one row of 9 MB of wide text": large(
            lambda: b",".join([b'"' + EMOJI + b"x" * (MEGABYTES * 2**20) + b'"', *[b"{}"] * 99])
        ),
        "one number of 9 MB": large(lambda: b",".join([b"9" * (MEGABYTES * 2**20), *[b"{}"] * 99])),
        "one fraction of 9 MB": large(lambda: b",".join([b"0." + b"9" * (MEGABYTES * 2**20), *[b"{}"] * 99])),
        "9 MB of blanks": large(lambda: b",".join([b" " * (MEGABYTES * 2**20) + b"{}", *[b"{}"] * 99])),
        "9 MB of backslashes": large(lambda: text(rb"\\")),
        "pages of 900 kB": Hostile(
            pages(lambda number: b",".join([b'"' + EMOJI + b"x" * 9000 + b'"'] * 100), 10**6), True
        ),
        "an object of 240,000 names": large(
            lambda: b"{" + b",".join(b'"%d":0' % name for name in range(240_000)) + b"}" + b",{}" * 99
        ),
    }.items()
)
