"""Serve the figures of health to Prometheus until Ctrl-C.

python -m jobs exporter [--metrics-port 9464] [--lake-root data/lake]
"""

import logging
import sys
import threading
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server

from conf import stopping
from conf.command_line import Parser
from conf.errors import Refused
from conf.settings import Settings
from jobs.health.exporting.collector import LakeCollector
from jobs.runtime.command import ask, parser


def registry(settings: Settings) -> CollectorRegistry:
    """The lake's metrics, and the exporter's own memory and processor time."""
    found = CollectorRegistry()
    found.register(LakeCollector(settings))
    ProcessCollector(registry=found)
    return found


def serve(settings: Settings) -> tuple[WSGIServer, threading.Thread]:
    """Serve /metrics in a thread.

    Raises:
        Refused: the address cannot be had.
    """
    host, port = settings.metrics.host, settings.metrics.port
    try:
        return start_http_server(port, host, registry(settings))
    except OSError as error:
        raise Refused(f"{host}:{port}: {error.strerror}; give another by --metrics-port or --metrics-host") from None


def main(settings: Settings) -> None:
    """Serve until a signal ends it."""
    stopping.then(stopping.STARTS)
    server, thread = serve(settings)
    print(f"http://{settings.metrics.host}:{server.server_port}/metrics", flush=True)
    try:
        thread.join()
    finally:
        server.shutdown()


def arguments() -> Parser:
    return parser(__doc__, "lake", "evaluate", "retrain", "health", "metrics")


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s", stream=sys.stderr)
    ask(lambda job: main(job.settings), arguments())
