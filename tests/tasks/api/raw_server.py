"""A server that answers with whatever bytes it is told to, as fast or as slowly as it is told."""

import contextlib
import json
import math
import socket
import ssl
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

CLOSE = None  # as a part of an answer: close the connection


class Asked(NamedTuple):
    """One request: ``target`` as it was sent, ``nth`` how often it came."""

    target: str
    headers: dict[str, str]
    nth: int

    @property
    def page(self) -> int:
        return int(dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.target).query)).get("page", 1))


# Bytes are sent, numbers are seconds to wait.
Part = bytes | float | None
Answers = Callable[[Asked], Iterable[Part]]


def page_of(rows: list, number: int, size: int = 10) -> bytes:
    items = rows[(number - 1) * size : number * size]
    page = {"items": items, "total": len(rows), "page": number, "size": size, "pages": math.ceil(len(rows) / size)}
    return json.dumps(page, ensure_ascii=False).encode()


def answer(body: bytes, *headers: str | bytes, status: str = "200 OK", length: bool = True) -> bytes:
    """An answer of HTTP/1.1; headers go out as they stand."""
    lines = [f"HTTP/1.1 {status}", *([f"Content-Length: {len(body)}"] if length else []), *headers]
    head = b"\r\n".join(line if isinstance(line, bytes) else line.encode("utf-8", "surrogateescape") for line in lines)
    return head + b"\r\n\r\n" + body


class RawServer:
    """Answers each request on loopback with the parts that ``answers`` gives for it."""

    def __init__(
        self, answers: Answers, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1", greets: bool = False
    ) -> None:
        self.answers, self.tls, self.greets = answers, tls, greets
        self.seen: list[Asked] = []
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family, backlog=64)
        self.port = self._listener.getsockname()[1]
        self._closed = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def close(self) -> None:
        self._closed.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while not self._closed.is_set():
                connection, _ = self._listener.accept()
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as lines:
                if self.greets:
                    self._send(connection, self.answers(Asked("", {}, 1)))
                while (asked := self._read(lines)) and self._send(connection, self.answers(asked)):
                    pass

    def _read(self, lines: Iterable[bytes]) -> Asked | None:
        head = []
        for line in lines:
            if line == b"\r\n":
                break
            head.append(line.decode("latin-1").strip())
        if not head:
            return None
        target = head[0].split(" ")[1]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        asked = Asked(target, headers, 1 + sum(earlier.target == target for earlier in self.seen))
        self.seen.append(asked)
        return asked

    def _send(self, connection: socket.socket, parts: Iterable[Part]) -> bool:
        """Whether the connection stays."""
        for part in parts:
            if part is CLOSE or self._closed.is_set():
                return False
            if isinstance(part, bytes):
                connection.sendall(part)
            else:
                time.sleep(part)
        return True


@contextlib.contextmanager
def raw_server(answers: Answers, **how: object) -> Iterator[RawServer]:
    server = RawServer(answers, **how)  # type: ignore[arg-type]
    try:
        yield server
    finally:
        server.close()
