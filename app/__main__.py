"""Serve the lists to listeners, as an API and a page.

The address is the first line printed.
"""

import logging
import os
import socket
import tempfile

import uvicorn

from app.main import create_app, store_of
from conf import stopping
from conf.command_line import Parser, refuse_no_folder
from conf.errors import Refused, refusals_told
from conf.settings import AppSettings, Settings, add_flags, as_flags, from_flags

SECTIONS = ("app", "lake", "recommend", "evaluate")
FLAGS = "MOOVITAMIX_APP_FLAGS"  # by which workers get what the command line said
DRAIN_SECONDS = 5
LOCAL = ("127.0.0.1", "::1", "localhost")


def parser() -> Parser:
    result = Parser(__doc__)
    add_flags(result, *SECTIONS)
    return result


@refusals_told()
def worker() -> object:
    """The application in a process of its own, with the settings of the one that started it."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    settings = from_flags(parser().parse_args(os.environ[FLAGS].split("\n")))
    return create_app(settings, store_of(settings))


def listen(app: AppSettings) -> socket.socket:
    """
    Raises:
        Refused: the address is in use, or not one of this machine.
    """
    family = socket.AF_INET6 if ":" in app.host else socket.AF_INET
    try:
        listener = socket.create_server((app.host, app.port), family=family, backlog=2048)
    except OSError as error:
        raise Refused(
            f"[app] port: cannot listen on {app.host}:{app.port} ({error.strerror}); choose another"
        ) from None
    # Connections inherit it. Without, the body of an answer may wait 40 ms for the header's acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.set_inheritable(True)
    return listener


def url_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(settings: Settings) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    listener = listen(settings.app)
    if not settings.app.token and settings.app.host not in LOCAL:
        logging.getLogger("app").warning("others can reach %s, and no MOOVITAMIX_APP_TOKEN is set", settings.app.host)
    print(url_of(listener), flush=True)
    several = settings.app.workers > 1
    config = uvicorn.Config(
        "app.__main__:worker" if several else create_app(settings, store_of(settings)),
        factory=several,
        workers=settings.app.workers,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.app.trusted_proxies),
        forwarded_allow_ips=settings.app.trusted_proxies,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    uvicorn.server.HANDLED_SIGNALS = tuple(stopping.ours())  # type: ignore[assignment]
    if not several:
        uvicorn.Server(config).run(sockets=[listener])
        return
    from uvicorn.supervisors import Multiprocess

    with tempfile.TemporaryDirectory(prefix="moovitamix-app-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        os.environ[FLAGS] = "\n".join(as_flags(settings, *SECTIONS))
        supervisor = Multiprocess(config, sockets=[listener])
        stopping.keep()  # it would start anew when its terminal is closed
        try:
            supervisor.run()
        finally:
            supervisor.terminate_all()
            supervisor.join_all()


def main() -> None:
    with stopping.stoppable(again=stopping.STARTS), refusals_told():
        settings = from_flags(parser().parse_args())
        if not settings.postgres.url:
            refuse_no_folder(settings.lake.root)
        serve(settings)


if __name__ == "__main__":
    main()
