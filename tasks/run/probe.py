"""Whether a service answers: python -m tasks.run.probe http://host:port/path | tcp://host:port. Code 0 where it does.

For health checks: it imports nothing but the standard library.
"""

import socket
import sys
import urllib.error
import urllib.parse
import urllib.request

PATIENCE = 5  # seconds


def answers(port: int) -> bool:
    """Whether something listens at a port of this machine's loopback address."""
    return not why_not(f"tcp://127.0.0.1:{port}")


def free_port() -> int:
    """A port of the loopback address that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def why_not(url: str) -> str:
    """Why the service does not answer; empty where it does, which for HTTP is with a status below 400."""
    parts = urllib.parse.urlsplit(url)
    try:
        if parts.scheme == "tcp":
            socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE).close()
        elif parts.scheme in ("http", "https"):
            urllib.request.urlopen(url, timeout=PATIENCE).close()  # noqa: S310 - the scheme is one of the two
        else:
            return f"found {url!r}, required is http://, https:// or tcp://host:port"
    except OSError as error:
        return f"{url}: {error}"
    return ""


if __name__ == "__main__":
    sys.exit(why_not(sys.argv[1]) or 0)
