"""What a hostile server is: what it answers, and how it is to be asked."""

import dataclasses
import itertools
import zlib
from collections.abc import Callable, Iterable, Iterator

from tests.tasks.api.raw_server import Answers, Asked, Part

HTTP = b"HTTP/1.1 200 OK\r\n"
JSON = HTTP + b"Content-Type: application/json\r\n"
OPEN = JSON + b"\r\n"  # a body that ends with the connection
CHUNKED = JSON + b"Transfer-Encoding: chunked\r\n\r\n"
GZIP = JSON + b"Content-Encoding: gzip\r\n\r\n"
BLOCK = 2**16
TICK = 0.05  # seconds between two bytes of what is slow


@dataclasses.dataclass(frozen=True)
class Hostile:
    """``heavy`` runs beside few others; ``tls`` speaks TLS, and is ``trusted``; ``greets`` does not wait to be asked."""

    answers: Answers
    heavy: bool = False
    scheme: str = "http"
    tls: bool = False
    trusted: bool = True
    greets: bool = False
    host: str = "127.0.0.1"


def says(*parts: Part) -> Answers:
    """The same to everybody."""
    return lambda asked: parts


def slowly(before: bytes, then: bytes, pause: float = TICK) -> Answers:
    """The first part at once, the second byte by byte and again without end."""

    def answers(asked: Asked) -> Iterator[Part]:
        yield before
        for at in itertools.cycle(range(len(then))):
            yield then[at : at + 1]
            yield pause

    return answers


def endless(before: bytes, then: bytes) -> Answers:
    """The first part, and then the second without end, as fast as it is read."""
    block = then * (1 + BLOCK // len(then))
    return lambda asked: itertools.chain([before], itertools.repeat(block))


def silent(before: bytes) -> Answers:
    """A part, and nothing more."""
    return lambda asked: itertools.chain([before] if before else [], itertools.repeat(0.2))


def page(items: bytes, total: int | bytes = 100, number: int = 1) -> bytes:
    """A page of 100, whose rows and total are what they are said to be."""
    count = total if isinstance(total, bytes) else str(total).encode()
    return b'{"total":%s,"page":%d,"size":100,"pages":1,"items":[%s]}' % (count, number, items)


def body(content: bytes, *headers: bytes) -> bytes:
    lines = b"".join(header + b"\r\n" for header in headers)
    return JSON + lines + b"Content-Length: %d\r\n\r\n" % len(content) + content


def pages(items: Callable[[int], bytes], total: int) -> Answers:
    """Every page that is asked for, with these rows."""
    return lambda asked: [body(page(items(asked.page), total, asked.page))]


def filled(unit: bytes, megabytes: float) -> bytes:
    """The unit as often as it fits, with commas between."""
    return b",".join([unit] * int(megabytes * 2**20 / (len(unit) + 1)))


def bomb(unit: bytes) -> bytes:
    """200 MB of the unit, as gzip."""
    packer = zlib.compressobj(1, wbits=31)
    block = unit * (2**20 // len(unit))
    return b"".join([*(packer.compress(block) for _ in range(200)), packer.flush()])


def of(parts: Iterable[tuple[str, Hostile | Answers]]) -> dict[str, Hostile]:
    return {name: case if isinstance(case, Hostile) else Hostile(case) for name, case in parts}
