"""Start the demo API: python -m demo_api --help."""

import argparse
import datetime
import signal
import socket
import sys
from typing import Any

import uvicorn

from demo_api.server import create_app

DRAIN_SECONDS = 1


class Server(uvicorn.Server):
    """Says where it is once it accepts connections."""

    def __init__(self, config: uvicorn.Config, url: str) -> None:
        super().__init__(config)
        self.url = url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print(self.url, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Serve until a signal ends it; returns the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        listener = _listen(options.host, options.port)
    except OSError as error:
        print(f"demo_api: cannot listen on {options.host} port {options.port}: {error.strerror}", file=sys.stderr)
        return 1
    with listener:
        try:
            app: Any = create_app(options.seed, options.as_of)
        except ValueError as error:
            parser.error(f"argument --as-of: {error}")
        config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=DRAIN_SECONDS)
        Server(config, _url(listener)).run(sockets=[listener])
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m demo_api",
        description="Serve the MooVitamix API with made-up listeners. The URL is the first line printed.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=_port, default=8000, help="port to listen on; 0 picks a free one")
    parser.add_argument(
        "--as-of",
        type=_day,
        default=_yesterday(),
        metavar="YYYY-MM-DD",
        help="the day at whose end the API stands, UTC; by default the last whole one",
    )
    parser.add_argument("--seed", type=_seed, default=1, help="another seed makes other people, tracks and sessions")
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 0 to 65535")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no seed: a whole number from 0")
    return int(text)


def _day(text: str) -> datetime.date:
    try:
        return datetime.datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day: YYYY-MM-DD") from None


def _yesterday() -> datetime.date:
    return datetime.datetime.now(datetime.UTC).date() - datetime.timedelta(days=1)


def _listen(host: str, port: int) -> socket.socket:
    return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=2048)


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


if __name__ == "__main__":
    # Until uvicorn's own handlers stand, and after they have done their work, an interrupt ends it quietly.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.exit(main())
