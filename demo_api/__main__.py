"""Start the demo API: python -m demo_api --help."""

import argparse
import datetime
import signal
import socket
import sys

BACKLOG = 2048


def main(arguments: list[str] | None = None) -> int:
    """Serve until a signal ends it; returns the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        listener = _listen(options.host, options.port)
    except OSError as error:
        print(f"demo_api: {error.strerror}; choose another --port (0 picks a free one) or --host", file=sys.stderr)
        return 1
    # Imported this late, so that --help and a wrong flag need not wait for it.
    from demo_api.server import serve

    with listener:
        try:
            serve(listener, options.seed, options.as_of, options.drift)
        except ValueError as error:
            parser.error(f"argument --as-of: {error}")
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
    parser.add_argument(
        "--drift",
        type=_day,
        metavar="YYYY-MM-DD",
        help="the day from which on half of the listeners like other genres",
    )
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
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    # Connections inherit it. Without, the body of an answer waits 40 ms for the header's acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


if __name__ == "__main__":
    # An interrupt ends it quietly: before uvicorn's own handlers stand, and after they have done their work.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.exit(main())
