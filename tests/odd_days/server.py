"""A loopback API in this process, which serves what a day holds."""

import contextlib
import json
import math
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.odd_days.rows import Row


class Api:
    """``served`` may be replaced at any time."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.served: dict[str, list[Row]] = {}

    def page(self, name: str, number: int, size: int) -> bytes:
        rows = self.served[name]
        items = ",".join(each.text for each in rows[(number - 1) * size : number * size])
        said = {"total": len(rows), "page": number, "size": size, "pages": math.ceil(len(rows) / size)}
        return f'{{"items":[{items}],{json.dumps(said)[1:]}'.encode()


@contextlib.contextmanager
def serving() -> Iterator[Api]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            name, query = asked.path.strip("/"), parse_qs(asked.query)
            if name in api.served:
                self.answer(200, api.page(name, int(query["page"][0]), int(query["size"][0])))
            else:
                self.answer(404, b"{}")

        def answer(self, code: int, body: bytes) -> None:
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    api = Api(f"http://127.0.0.1:{server.server_address[1]}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
