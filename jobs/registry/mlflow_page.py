"""Serve the registry's page until Ctrl-C.

The live figures in it are brought up to date first.

python -m jobs mlflow_page [--port 5000] [--lake-root data/lake]
"""

import os
import pathlib
import socket
import subprocess
import sys
import time

from conf import stopping
from conf.command_line import Parser, port
from conf.errors import Refused
from jobs.model import registry_access
from jobs.registry.live_figures import record_live
from jobs.runtime.command import Job, ask, parser

PATIENCE, STOP_PATIENCE = 120, 5  # seconds for the server to come up, and to go down


def show(job: Job) -> None:
    lake, uri = job.lake(), job.settings.registry.uri
    if not registry_access.begun(uri):
        raise Refused(f"nothing has been registered at {uri} yet: the first training does that")
    record_live(uri, lake.rows("evaluations", [("kind", "=", "live")]))
    if uri.startswith("http"):
        print(f"the registry's page is {registry_access.without_credentials(uri)}")
        return
    serve(uri, job.args.port)


def serve(uri: str, port: int) -> None:
    """Run MLflow's server on the loopback address; its address is printed when it answers."""
    if taken(port):
        raise Refused(f"port {port} is taken; give another by --port")
    command = [str(pathlib.Path(sys.executable).with_name("mlflow")), "ui", "--host=127.0.0.1", f"--port={port}"]
    # The address goes by the environment, since it may hold a password; jobs of MLflow's own are not wanted.
    environment = {**os.environ, "MLFLOW_BACKEND_STORE_URI": uri, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    stopping.then(stopping.STARTS)
    server = subprocess.Popen([*command, "--workers=1"], env=environment, start_new_session=True)
    try:
        deadline = time.monotonic() + PATIENCE
        while registry_access.reachable(f"http://127.0.0.1:{port}"):
            if server.poll() is not None or time.monotonic() > deadline:
                raise Refused(f"MLflow's page did not come up on port {port}; see its messages above")
            time.sleep(0.2)
        print(f"http://127.0.0.1:{port} shows the registry; Ctrl-C ends it", flush=True)
        server.wait()
    finally:
        stopping.end(server, STOP_PATIENCE)  # with the processes that it has started


def taken(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def arguments() -> Parser:
    result = parser(__doc__, "lake", "registry")
    result.add_argument("--port", type=port, default=5000, help="of the loopback address (default: 5000)")
    return result


if __name__ == "__main__":
    ask(show, arguments())
