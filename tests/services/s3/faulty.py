"""moto's S3 server, one request at a time, with faults on request: what a real S3 does that moto does not.

moto looks whether an object is there and stores it then, with no lock between; S3 does both in one step. Under a prefix
that names a fault, the first PUT of each commit goes wrong as it may at AWS; under another each takes its time on the way,
so that what a writer has looked up before is not so any more when it arrives.
"""

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import moto.server

LOST_ANSWER, CONFLICT = "lost-answer", "conflict"  # stored, and nobody told; not stored, to be asked again
SLOW, SECONDS = "slow", 0.2

ERROR = "<Error><Code>{code}</Code><Message>as the test wants it</Message></Error>"


class Faulty(moto.server.DomainDispatcherApplication):
    turn = threading.Lock()
    seen: set[str] = set()  # noqa: RUF012 - of the one server there is

    def __call__(self, environ: dict[str, Any], start_response: Callable) -> Iterable[bytes]:
        if self.commits(environ) and f"/{SLOW}/" in environ["PATH_INFO"]:
            time.sleep(SECONDS)
        with self.turn:
            fault = self.fault(environ)
            if fault == CONFLICT:
                environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
                return self.refuse(start_response, "409 Conflict", "ConditionalRequestConflict")
            if fault == LOST_ANSWER:
                list(super().__call__(environ, lambda *_: None))
                return self.refuse(start_response, "500 Internal Server Error", "InternalError")
            return list(super().__call__(environ, start_response))

    def commits(self, environ: dict[str, Any]) -> bool:
        return environ["REQUEST_METHOD"] == "PUT" and environ["PATH_INFO"].endswith(".json")

    def fault(self, environ: dict[str, Any]) -> str | None:
        path = environ["PATH_INFO"]
        if not self.commits(environ) or path in self.seen:
            return None
        self.seen.add(path)
        return next((name for name in (CONFLICT, LOST_ANSWER) if f"/{name}/" in path), None)

    def refuse(self, start_response: Callable, status: str, code: str) -> list[bytes]:
        start_response(status, [("Content-Type", "application/xml")])
        return [ERROR.format(code=code).encode()]


if __name__ == "__main__":
    moto.server.DomainDispatcherApplication = Faulty  # type: ignore[misc]
    moto.server.main()
