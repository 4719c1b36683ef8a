"""Serve the MooVitamix API with made-up listeners.

The URL is the first line printed.
"""

import argparse
import socket
import sys

from conf import days
from conf.command_line import Parser, any_day, port, whole
from conf.errors import BadSetting, Refused, refusals_told
from conf.stopping import STARTS, stoppable

BACKLOG = 2048


def main(arguments: list[str] | None = None) -> int:
    """Serve until a signal ends it; returns the exit code."""
    options = parser().parse_args(arguments)
    listener = _listen(options.host, options.port)
    # Imported this late, so that --help and a wrong flag need not wait for it.
    from demo_api.server import serve

    with listener:
        try:
            serve(listener, options.seed, options.as_of, options.drift)
        except ValueError as error:
            raise BadSetting(f"--as-of: {error}") from None
    return 0


def parser() -> Parser:
    result = Parser(__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    result.add_argument("--host", default="127.0.0.1", help="address to listen on")
    result.add_argument("--port", type=port, default=8000, help="port to listen on; 0 picks a free one")
    result.add_argument(
        "--as-of",
        type=any_day("--as-of"),
        default=days.yesterday(),
        metavar="YYYY-MM-DD",
        help="the day at whose end the API stands, UTC; by default the last whole one",
    )
    result.add_argument(
        "--seed", type=whole("--seed", 0), default=1, help="another seed makes other users, tracks and sessions"
    )
    result.add_argument(
        "--drift",
        type=any_day("--drift"),
        metavar="YYYY-MM-DD",
        help="the day from which on half of the listeners like other genres",
    )
    return result


def _listen(host: str, number: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, number), family=family, backlog=BACKLOG)
    except OSError as error:
        raise Refused(
            f"{host}:{number}: {error.strerror}; choose another --port (0 picks a free one) or --host"
        ) from None
    # Connections inherit it. Without, the body of an answer waits 40 ms for the header's acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


if __name__ == "__main__":
    with stoppable(again=STARTS), refusals_told():
        sys.exit(main())
