"""An API in the contract's shape that makes its rows up: quick, in a process of its own, with a set latency.

python -m bench.page_server --rows 100000 --latency-ms 8

The URL is the first line that it prints.
"""

import argparse
import asyncio
import math
import urllib.parse

STAMPS = '"created_at":"2024-01-01T00:00:00","updated_at":"2024-02-01T12:34:56.123456"'
ROWS = {
    "/tracks": '{"id":%d,"name":"Track number %d","artist":"Some Artist","songwriters":"One Writer, Another Writer",'
    '"duration":"03:21","genres":"rock","album":"An album of songs",' + STAMPS + "}",
    "/users": '{"id":%d,"first_name":"Given","last_name":"Family","email":"listener%d@example.org",'
    '"gender":"Female","favorite_genres":"Rock",' + STAMPS + "}",
    "/listen_history": '{"user_id":%d,"items":[%d,'
    + ",".join(str(track) for track in range(1001, 1021))
    + "],"
    + STAMPS
    + "}",
}


class Connection(asyncio.Protocol):
    """Answers the GETs of one connection, each ``latency`` seconds after it came."""

    rows = 0
    latency = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.received = transport, b""

    def data_received(self, data: bytes) -> None:
        self.received += data
        while b"\r\n\r\n" in self.received:
            head, _, self.received = self.received.partition(b"\r\n\r\n")
            target = head.split(b" ", 2)[1].decode()
            asyncio.get_running_loop().call_later(self.latency, self.answer, target)

    def answer(self, target: str) -> None:
        url = urllib.parse.urlsplit(target)
        query = dict(urllib.parse.parse_qsl(url.query))
        body = self.page(url.path, int(query["page"]), int(query["size"])).encode()
        self.transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        )

    def page(self, path: str, page: int, size: int) -> str:
        row = ROWS[path]
        items = ",".join([row % (id, id) for id in range((page - 1) * size + 1, min(page * size, self.rows) + 1)])
        pages = math.ceil(self.rows / size)
        return f'{{"items":[{items}],"total":{self.rows},"page":{page},"size":{size},"pages":{pages}}}'


async def serve() -> None:
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", 0, backlog=256)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000, help="rows of each entity")
    parser.add_argument("--latency-ms", type=float, default=8.0, help="milliseconds before each answer")
    args = parser.parse_args()
    Connection.rows, Connection.latency = args.rows, args.latency_ms / 1000
    asyncio.run(serve())


if __name__ == "__main__":
    main()
