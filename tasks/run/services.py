"""Start, stop or show the services as plain processes.

They are the demo API, luigid, a Spark cluster with a Connect server, MLflow, PostgreSQL, the figures for Prometheus,
Prometheus, the application, and the nightly run.

python -m tasks.run.services up | down | status [--root data/up]

Supervisor keeps them running (conf/deploy/supervisord.conf). PostgreSQL and Prometheus are left out where they are not installed.
``NAME_PORT`` in the environment moves a service to another port.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import time

from conf.checkout import DEPLOY, IS_CHECKOUT, ROOT, TOP
from conf.command_line import Parser, folder_to_make, one_of, whole
from conf.environment import cleaned
from conf.errors import Refused, refusals_told
from conf.stopping import stoppable
from tasks.run.probe import answers

# In the order in which they are shown.
PORTS = {
    "demo-api": 8000,
    "luigid": 8082,
    "spark-master": 7077,
    "spark-connect": 15002,
    "mlflow": 5000,
    "postgres": 5432,
    "metrics": 9464,
    "prometheus": 9090,
    "app": 8080,
}
MASTER_PAGE = 8083
WORKERS = "spark-worker"  # two of them, of one core each; they find the master, and nobody looks for them
LAST = "pipeline"  # it asks all others
PAGES = {"luigid": "/", "mlflow": "/", "prometheus": "/", "app": "/", "spark-master": ""}
PATIENCE = 180  # seconds for a service to answer
BIN = pathlib.Path(sys.executable).parent


def arguments() -> Parser:
    result = Parser(__doc__)
    result.add_argument("what", type=one_of("services", ("up", "down", "status")), metavar="up|down|status")
    result.add_argument(
        "--root", type=folder_to_make, default=ROOT / "data" / "up", help="folder of lake, logs and data"
    )
    return result


def main() -> None:
    args = arguments().parse_args()
    {"up": up, "down": down, "status": status}[args.what](args.root.absolute())


def variable(service: str) -> str:
    return f"{service.upper().replace('-', '_')}_PORT"


def ports() -> dict[str, int]:
    """The port of each service: its own, or what the environment says."""
    return {
        service: whole(variable(service), 1, 65_535)(os.environ.get(variable(service), str(port)))
        for service, port in PORTS.items()
    }


def installed(service: str) -> bool:
    if service == "postgres":
        return bool(shutil.which("postgres") or list(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres")))
    return service != "prometheus" or bool(shutil.which("prometheus"))


def environment(folder: pathlib.Path) -> dict[str, str]:
    """What conf/deploy/supervisord.conf asks for."""
    mart = f"postgresql://moovitamix@127.0.0.1:{ports()['postgres']}/moovitamix" if installed("postgres") else ""
    return {
        **cleaned(os.environ, cluster=False),
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "PYSPARK_PYTHON": sys.executable,
        "HERE": str(ROOT.absolute()),
        "SCRIPTS": str(TOP / "bin"),
        "NIGHTLY": str(TOP / "bin" / "daily") if IS_CHECKOUT else f"{BIN / 'moovitamix'} nightly",
        "BIN": str(BIN),
        "UP": str(folder),
        "MART": mart,
        "SPARK_MASTER_PAGE_PORT": os.environ.get("SPARK_MASTER_PAGE_PORT", str(MASTER_PAGE)),
        **{variable(service): str(port) for service, port in ports().items()},
    }


def up(folder: pathlib.Path) -> None:
    """Start all that are installed, in order; those that run already stay.

    Raises:
        Refused: a port is taken by somebody else, or a service does not answer.
    """
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    (folder / "lake").mkdir(exist_ok=True)  # the application and the figures look for one
    subprocess.run([str(TOP / "bin" / "secrets"), str(folder / "secrets")], check=True)
    if installed("prometheus"):
        write_prometheus(folder / "prometheus")
    if not (folder / "supervisor.sock").exists():
        taken = [f"{service} ({port})" for service, port in ports().items() if installed(service) and answers(port)]
        if taken:
            raise Refused(
                f"ports that somebody else has: {', '.join(taken)}; end that, or set {variable('app')} and its like"
            )
        subprocess.run([str(BIN / "supervisord"), "-c", _conf()], env=environment(folder), check=True)
    for service in filter(installed, [*PORTS, f"{WORKERS}:*"]):
        _control(folder, "start", service)
    for service, port in ports().items():
        if not installed(service):
            print(f"{service:<14} left out: it is not installed (bin/install-servers installs it)")
            continue
        _wait(folder, service, port)
        print(f"{service:<14} {address(service, port)}", flush=True)
    _control(folder, "start", LAST)
    print(
        f"{LAST:<14} runs what is due, now and each hour: {folder / 'lake' / 'logs'}\nlogs           {folder / 'logs'}"
    )


def address(service: str, port: int) -> str:
    return f"http://127.0.0.1:{port}{PAGES[service]}" if PAGES.get(service) else f"127.0.0.1:{port}"


def down(folder: pathlib.Path) -> None:
    """Stop all of them, and wait until they are gone. What they wrote stays."""
    pid = folder / "supervisord.pid"
    if not pid.exists():
        print("nothing is running")
        return
    number = int(pid.read_text())
    _control(folder, "shutdown")
    deadline = time.monotonic() + PATIENCE
    while pathlib.Path(f"/proc/{number}").exists() or (folder / "supervisor.sock").exists():
        if time.monotonic() > deadline:
            raise Refused(f"supervisord (process {number}) is still running after {PATIENCE} s; see {folder / 'logs'}")
        time.sleep(0.2)
    print("all services are stopped")


def status(folder: pathlib.Path) -> None:
    if not (folder / "supervisor.sock").exists():
        print("nothing is running")
        return
    print(_control(folder, "status", check=False), end="")


def write_prometheus(folder: pathlib.Path) -> None:
    """Prometheus' settings with the ports of this run, beside the rules that they name."""
    folder.mkdir(parents=True, exist_ok=True)
    source = DEPLOY / "prometheus"
    text = (source / "prometheus.yml").read_text()
    for service, port in PORTS.items():
        text = text.replace(f'"127.0.0.1:{port}"', f'"127.0.0.1:{ports()[service]}"')
    (folder / "prometheus.yml").write_text(text)
    shutil.copy(source / "rules.yml", folder / "rules.yml")


def _conf() -> str:
    return str(DEPLOY / "supervisord.conf")


def _control(folder: pathlib.Path, *words: str, check: bool = True) -> str:
    """What supervisorctl says.

    Raises:
        Refused: it failed.
    """
    command = [str(BIN / "supervisorctl"), "-c", _conf(), *words]
    done = subprocess.run(command, env=environment(folder), capture_output=True, text=True)
    if check and done.returncode and "already started" not in done.stdout:
        raise Refused(
            f"{' '.join(words)}: {(done.stdout + done.stderr).strip().splitlines()[-1]}; see {folder / 'logs'}"
        )
    return done.stdout


def _wait(folder: pathlib.Path, service: str, port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while not answers(port):
        if any(word in _control(folder, "status", service, check=False) for word in ("FATAL", "EXITED")):
            raise Refused(f"{service} ended; see {folder / 'logs'}")
        if time.monotonic() > deadline:
            raise Refused(f"{service} did not answer on port {port} in {PATIENCE} s; see {folder / 'logs'}")
        time.sleep(0.5)


if __name__ == "__main__":
    with stoppable(), refusals_told():
        main()
