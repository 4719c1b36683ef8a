"""Connections that end in time and size, whatever they are doing.

``http.client`` has a clock for each read, and none for a whole status line, head, interim answer, chunk or trailer; a
name is looked up without any. Here each byte of an answer passes one gate, which looks at the clock before and counts.
"""

import contextlib
import functools
import http.client
import io
import queue
import socket
import threading
from typing import Any

import requests
import urllib3
from urllib3.util.connection import create_connection

from tasks.api.api_errors import BadAnswer, TooSlow
from tasks.api.deadline import Deadline

HEAD = 2**18  # bytes of a status line and headers, with all that comes before them
MOST_INTERIM = 20  # answers 1xx before one that counts


class Wire:
    """What bounds the connections of one client; closing it ends all that are being read."""

    def __init__(self, deadline: Deadline, connect: float, idle: float, body: int) -> None:
        self.deadline, self.connect, self.idle = deadline, connect, idle
        self.body = 2 * body + HEAD  # framing may take as much as what it frames
        self._closed = False
        self._reading: set[socket.socket] = set()
        self._lock = threading.RLock()  # the collector may close an answer while this thread holds it

    def enter(self, sock: socket.socket) -> None:
        with self._lock:
            self._reading.add(sock)

    def leave(self, sock: socket.socket) -> None:
        with self._lock:
            self._reading.discard(sock)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            reading = [*self._reading]
        for sock in reading:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)  # not the TLS one's, which its reader still uses

    def seconds(self, most: float) -> float:
        """How long may be waited now.

        Raises:
            TooSlow: no longer at all.
        """
        if self._closed:
            raise TooSlow("the fetch has ended")  # in a thread that nobody listens to any more
        return min(most, self.deadline.left())


class _Gate(io.RawIOBase):
    """What an answer is read through."""

    def __init__(self, wire: Wire, sock: socket.socket, raw: Any) -> None:
        self._wire, self._sock, self._raw = wire, sock, raw
        self._taken, self._most, self._what = 0, HEAD, f"headers of more than {HEAD // 1024} kB"
        wire.enter(sock)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(self._wire.seconds(self._wire.idle))
        try:
            count = self._raw.readinto(buffer) or 0
        finally:
            self._wire.seconds(self._wire.idle)
        self._taken += count
        if self._taken > self._most:
            raise BadAnswer(f"found {self._what}; see what answers at that address")
        return count

    def let_body_in(self) -> None:
        self._most = self._taken + self._wire.body
        self._what = f"more than {self._wire.body // 2**20} MB of one answer"

    def close(self) -> None:
        self._wire.leave(self._sock)
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    """An answer read through a gate; what comes before it with a status of 1xx is passed over."""

    def __init__(self, wire: Wire, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._gate = _Gate(wire, sock, self.fp.detach())
        self.fp = io.BufferedReader(self._gate)

    def _read_status(self) -> tuple[str, int, str]:
        for _ in range(MOST_INTERIM + 1):
            version, status, reason = super()._read_status()
            if not 100 <= status < 200 or status == http.HTTPStatus.SWITCHING_PROTOCOLS:
                return version, status, reason
            http.client.parse_headers(self.fp)
        raise http.client.HTTPException("interim answers without end")

    def begin(self, **limits: Any) -> None:
        super().begin(**limits)
        self._gate.let_body_in()


class _Bounded:
    """Part of a connection of urllib3: opens it within what is left, and reads by a gate."""

    wire: Wire
    _dns_host: str
    port: int
    host: str
    socket_options: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.response_class = functools.partial(_Response, self.wire)

    def _new_conn(self) -> socket.socket:
        this: Any = self
        try:
            return self._connect()
        except socket.gaierror as error:
            raise urllib3.exceptions.NameResolutionError(self.host, this, error) from error
        except TimeoutError as error:
            raise urllib3.exceptions.ConnectTimeoutError(this, "no connection in time") from error
        except OSError as error:
            raise urllib3.exceptions.NewConnectionError(this, "no connection") from error

    def _connect(self) -> socket.socket:
        """A socket to the first address that takes it."""
        failed: OSError = socket.gaierror("no address")
        for place in _places(self._dns_host, self.port, self.wire.seconds(self.wire.connect)):
            seconds = self.wire.seconds(self.wire.connect)
            try:
                return create_connection((place, self.port), seconds, socket_options=self.socket_options)
            except OSError as error:
                failed = error
        raise failed


def _places(host: str, port: int, seconds: float) -> list[str]:
    """A host's addresses in numbers. In a thread of its own, since a look-up cannot be ended from outside.

    Raises:
        OSError: there are none, or none was found in time.
    """
    answer: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            answer.put(socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answer.put(error if isinstance(error, OSError) else socket.gaierror("no name"))

    threading.Thread(target=look_up, name="look-up", daemon=True).start()
    try:
        found = answer.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(found, OSError):
        raise found
    # An address of IPv6 keeps its zone.
    return [f"{place[0]}%{place[3]}" if len(place) > 3 and place[3] else place[0] for *_, place in found]


class BoundedAdapter(requests.adapters.HTTPAdapter):
    """Sends requests over connections that a wire bounds."""

    def __init__(self, wire: Wire, width: int) -> None:
        self._pools = {
            "http": _pool(urllib3.HTTPConnectionPool, urllib3.connection.HTTPConnection, wire),
            "https": _pool(urllib3.HTTPSConnectionPool, urllib3.connection.HTTPSConnection, wire),
        }
        super().__init__(pool_connections=1, pool_maxsize=width)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        if proxy.lower().startswith("socks"):  # its connections are of another kind
            raise BadAnswer(
                "found a SOCKS proxy in the environment, required is one of HTTP; see https_proxy and all_proxy"
            )
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = self._pools
        return manager


def _pool(pool: type, connection: type, wire: Wire) -> Any:
    bounded = type("BoundedConnection", (_Bounded, connection), {"wire": wire})
    return type("BoundedPool", (pool,), {"ConnectionCls": bounded})
