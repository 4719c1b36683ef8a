"""The API in its contract's shape, with faults on order.

A fault is a function that is called with each :class:`Request` before it is answered. It may change the data
(``server.rows``), sleep, or return an :class:`Answer` to be given in place of the page.
"""

import contextlib
import dataclasses
import json
import math
import socket
import ssl
import struct
import threading
import time
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclasses.dataclass
class Request:
    """``number`` counts all requests from 1, ``nth`` those for this page."""

    path: str
    page: int
    size: int
    number: int
    nth: int
    headers: dict


@dataclasses.dataclass
class Answer:
    """``cut`` bytes are kept back of those announced; ``reset`` ends the connection at once; ``drip`` is a
    pause in seconds after each byte of the body."""

    status: int = 200
    body: bytes = b""
    headers: dict = dataclasses.field(default_factory=dict)
    cut: int = 0
    reset: bool = False
    drip: float = 0.0
    chunked: bool = False


Fault = Callable[[Request], Answer | None]


class FaultServer:
    """``rows`` by path is what it serves; ``fault`` is asked first; ``seen`` are the requests that came."""

    def __init__(self, rows: dict[str, list]) -> None:
        self.rows = rows
        self.fault: Fault = lambda request: None
        self.seen: list[Request] = []
        self.url = ""
        self.connections = 0
        self._lock = threading.Lock()
        self._asked: Counter = Counter()

    def note(self, path: str, page: int, size: int, headers: dict) -> Request:
        with self._lock:
            self._asked[path, page] += 1
            request = Request(path, page, size, len(self.seen) + 1, self._asked[path, page], headers)
            self.seen.append(request)
            return request

    def page(self, path: str, page: int, size: int) -> dict:
        rows = list(self.rows[path])
        items = rows[(page - 1) * size : page * size]
        return {"items": items, "total": len(rows), "page": page, "size": size, "pages": math.ceil(len(rows) / size)}

    def answer(self, request: Request) -> Answer:
        given = self.fault(request)
        return given or Answer(body=json.dumps(self.page(request.path, request.page, request.size)).encode())


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave together
    server: "_Server"

    def setup(self) -> None:
        super().setup()
        self.server.faults.connections += 1

    def do_GET(self) -> None:
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        faults = self.server.faults
        request = faults.note(url.path, int(query.get("page", 1)), int(query.get("size", 100)), dict(self.headers))
        answer = faults.answer(request)
        if answer.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            return self.connection.close()
        self.send_response(answer.status)
        for name, value in {"Content-Type": "application/json", **answer.headers}.items():
            self.send_header(name, value)
        self.send_header(
            *(("Transfer-Encoding", "chunked") if answer.chunked else ("Content-Length", str(len(answer.body))))
        )
        self.end_headers()
        self._body(answer)
        self.close_connection = bool(answer.cut)
        return None

    def _body(self, answer: Answer) -> None:
        body = answer.body[: len(answer.body) - answer.cut]
        if answer.chunked:
            body = b"%x\r\n%s\r\n" % (len(body), body) + (b"" if answer.cut else b"0\r\n\r\n")
        if not answer.drip:
            self.wfile.write(body)
        for at in range(len(body) if answer.drip else 0):
            self.wfile.write(body[at : at + 1])
            self.wfile.flush()
            time.sleep(answer.drip)

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    faults: FaultServer

    def handle_error(self, *_: object) -> None:
        """Clients that went away are the point here."""


@contextlib.contextmanager
def running(rows: dict[str, list], tls: ssl.SSLContext | None = None, port: int = 0) -> Iterator[FaultServer]:
    """A server on a free port of this machine, until the block ends."""
    faults = FaultServer(rows)
    server = _Server(("127.0.0.1", port), _Handler)
    server.faults = faults
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    faults.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield faults
    finally:
        server.shutdown()
        server.server_close()


def on(matches: Callable[[Request], bool], answer: Answer) -> Fault:
    """The answer, to requests that match."""
    return lambda request: answer if matches(request) else None


def once(answer: Answer, page: int = 3) -> Fault:
    """The answer, the first time that a page is asked for."""
    return on(lambda request: request.page == page and request.nth == 1, answer)


def always(answer: Answer, page: int = 3) -> Fault:
    return on(lambda request: request.page == page, answer)


def at(number: int, change: Callable[[], None]) -> Fault:
    """Change the data just before the request of that number is answered."""

    def fault(request: Request) -> None:
        if request.number == number:
            change()

    return fault
