"""What stands before every request, as plain ASGI: the token, the rate of a client, safe headers, and the clock."""

import base64
import binascii
import hmac
import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.problems import problem
from app.web.request_metrics import RequestMetrics

OPEN = ("/health", "/static/")  # what a load balancer asks for, and what is the same for everybody
CLIENTS = 10_000  # whose buckets are kept; of more, the longest unseen start anew
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
CONTENT_POLICY = (b"content-security-policy", POLICY.encode())
UNCACHED = (b"cache-control", b"private, no-cache")


class Bucket:
    """A token bucket a client: ``rate`` a second, twice as many (and at least one) at once."""

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._size, self._clock = rate, max(1.0, 2 * rate), clock
        self._clients: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> float:
        """0 where the client may go on, else the seconds until it may."""
        now = self._clock()
        left, then = self._clients.pop(client, (self._size, now))
        left = min(self._size, left + (now - then) * self._rate)
        allowed = left >= 1
        self._clients[client] = (left - allowed, now)
        if len(self._clients) > CLIENTS:
            self._clients.popitem(last=False)
        return 0.0 if allowed else (1 - left) / self._rate


def client_of(scope: Scope) -> str:
    """Who asks; an IPv6 network of 64 bits is one client, since its addresses cost nothing."""
    host = scope["client"][0] if scope.get("client") else ""
    if ":" not in host:
        return host
    try:
        return str(ipaddress.ip_network(f"{host.partition('%')[0]}/64", strict=False))
    except ValueError:
        return host


def given_token(scope: Scope) -> bytes:
    """The bearer token, or the password of Basic, that a request carries; empty where there is none."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            kind, _, text = value.partition(b" ")
            if kind.lower() == b"bearer":
                return text.strip()
            if kind.lower() == b"basic":
                try:
                    return base64.b64decode(text.strip(), validate=True).partition(b":")[2]
                except binascii.Error:
                    return b""
    return b""


class Guard:
    """Outermost: whatever happens behind it, the answer has the headers and is counted."""

    def __init__(self, app: FastAPI, token: str, rate: float, metrics: RequestMetrics) -> None:
        self.app, self._token, self._metrics = app, token.encode(), metrics
        self._bucket = Bucket(rate) if rate else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 500

        async def send_guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = with_headers(list(message.get("headers", [])))
            await send(message)

        try:
            await (self._refusal(scope) or self.app)(scope, receive, send_guarded)
        finally:
            route = scope.get("route")
            self._metrics.observe(getattr(route, "path", "none"), status, time.perf_counter() - begun)

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        """The answer to who may not go on."""
        if scope["path"].startswith(OPEN):
            return None
        if self._bucket and (seconds := self._bucket.take(client_of(scope))):
            wait = {"Retry-After": str(int(seconds) + 1)}
            return problem(429, "more requests than one client may make; wait, then ask again", wait)
        if self._token and not hmac.compare_digest(given_token(scope), self._token):
            challenge = {"WWW-Authenticate": 'Basic realm="MooVitamix", charset="UTF-8"'}
            return problem(401, "a token is required: as bearer, or as the password of any user name", challenge)
        return None


def with_headers(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The safe headers beside a response's own; its own policy and caching hold."""
    names = {name.lower() for name, _ in headers}
    return headers + HEADERS + [header for header in (CONTENT_POLICY, UNCACHED) if header[0] not in names]
