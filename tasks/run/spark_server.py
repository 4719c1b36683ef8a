"""A Spark Connect server: one warm JVM for all steps of a day.

python -m tasks.run.spark_server --master spark://host:7077 --bind 0.0.0.0    runs one in the foreground, as a service
"""

import contextlib
import os
import pathlib
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping

from conf.checkout import DEPLOY
from conf.command_line import Parser, whole
from conf.errors import Refused, refusals_told
from conf.program import require_java
from conf.settings import add_flags, from_flags
from conf.stopping import end, stoppable
from lake import storage
from tasks.base import LOOPBACK, spark_environment
from tasks.run import event_log, jars, jvm
from tasks.run.luigi_settings import settings
from tasks.run.probe import answers
from tasks.run.processes import bound

CLASS = "org.apache.spark.sql.connect.service.SparkConnectServer"
PATIENCE = 120  # seconds for a JVM to come up
QUIET = 20  # after which a wait says what for
STOP_PATIENCE = 15  # and to go down


def command(port: int, master: str, properties: Mapping[str, str] | None = None, bind: str = "127.0.0.1") -> list[str]:
    """What starts a server; ``properties`` are of its JVM, by default those for little data; ``[spark] conf`` adds to them.

    On one machine nothing listens beyond it. The workers of a cluster must find the driver, by its host's name.
    """
    given = {
        **(LOOPBACK if master.startswith("local") else {}),
        **(properties or {**jvm.options(), **settings().spark.properties}),
    }
    return [
        str(pathlib.Path(sys.executable).with_name("spark-submit")),
        "--class",
        CLASS,
        "--name",
        "moovitamix",
        "--master",
        master,
        "--properties-file",
        str(DEPLOY / "spark" / "spark-defaults.conf"),
        *[word for key, value in given.items() for word in ("--conf", f"{key}={value}")],
        "--conf",
        f"spark.connect.grpc.binding.address={bind}",
        "--conf",
        f"spark.connect.grpc.binding.port={port}",
        "spark-internal",
    ]


class KeptServer:
    """A server on ``port``: one that answers there already, else one started here; one that is gone is replaced."""

    def __init__(
        self,
        port: int,
        log: pathlib.Path,
        master: str = "local[*]",
        properties: Mapping[str, str] | None = None,
        patience: float = STOP_PATIENCE,
    ) -> None:
        self.port, self.log, self.master, self.properties, self.patience = port, log, master, properties, patience
        self.process: subprocess.Popen | None = None
        self.losses = 0  # times that a server was gone

    @property
    def url(self) -> str:
        return f"sc://127.0.0.1:{self.port}"

    def ensure(self) -> None:
        """Start a server where none is there.

        Raises:
            Refused: it ended, or did not answer in time.
        """
        if self.process.poll() is None if self.process else answers(self.port):
            return
        self.process = start(self.port, self.log, self.master, self.properties)

    def replace(self) -> None:
        """As :meth:`ensure`, for one that was there: what its clients had under way is lost."""
        before = self.process
        self.ensure()
        self.losses += self.process is not before

    def stop(self) -> None:
        """Stop the server that was started here, if any."""
        if self.process:
            end(self.process, self.patience)


@contextlib.contextmanager
def kept(
    port: int,
    log: pathlib.Path,
    master: str = "local[*]",
    properties: Mapping[str, str] | None = None,
    patience: float = STOP_PATIENCE,
) -> Iterator[KeptServer]:
    """A server that is there, and stopped at the end where it was started here.

    Raises:
        Refused: it ended, or did not answer in time.
    """
    server = KeptServer(port, log, master, properties, patience)
    server.ensure()
    try:
        yield server
    finally:
        server.stop()


@contextlib.contextmanager
def running(
    port: int,
    log: pathlib.Path,
    master: str = "local[*]",
    properties: Mapping[str, str] | None = None,
    patience: float = STOP_PATIENCE,
) -> Iterator[str]:
    """The URL of a server that is there while the block runs, as :func:`kept`."""
    with kept(port, log, master, properties, patience) as server:
        yield server.url


def start(port: int, log: pathlib.Path, master: str, properties: Mapping[str, str] | None = None) -> subprocess.Popen:
    """A server that answers on ``port``, in a process group of its own.

    Raises:
        BadSetting: there is no Java.
        Refused: it has no jars of Delta, it ended, or it did not answer in time.
    """
    require_java()
    jars.require_delta(settings().spark.properties)
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        event_log.make(log.parent)
    except OSError as error:
        raise Refused(
            f"{log.parent}: the log of Spark cannot be written there ({error.strerror}); required is a folder that can, "
            "such as by XDG_STATE_HOME"
        ) from None
    events = event_log.options(log.parent)
    with log.open("ab") as output:
        begin = output.tell()
        process = subprocess.Popen(
            bound(command(port, master, {**(properties or jvm.options()), **events}), "TERM"),
            cwd=log.parent,
            env=spark_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait(process, port, log, begin)
    except BaseException:
        end(process, STOP_PATIENCE)
        raise
    return process


def _wait(process: subprocess.Popen, port: int, log: pathlib.Path, begin: int = 0) -> None:
    deadline = time.monotonic() + PATIENCE
    tell = time.monotonic() + QUIET
    while not answers(port):
        if process.poll() is not None:
            raise Refused(
                f"the Spark Connect server ended with code {process.returncode}{_last(log, begin)}; see {log}"
            )
        if time.monotonic() > deadline:
            raise Refused(f"the Spark Connect server did not answer on port {port} in {PATIENCE} s; see {log}")
        if time.monotonic() > tell:
            print(f"waiting for the Spark Connect server to answer on port {port}; log in {log}", file=sys.stderr)
            tell += QUIET
        time.sleep(0.2)


def _last(log: pathlib.Path, begin: int) -> str:
    """Why Java did not start, where it is Java that says so: such as an option in JAVA_TOOL_OPTIONS that it does not know."""
    with log.open("rb") as written:
        written.seek(begin)
        lines = written.read(10_000).decode(errors="replace").splitlines()
    telling = [line.strip() for line in lines if line.startswith(("Unrecognized", "Error", "Invalid"))]
    return f" ({telling[0][:300]})" if telling else ""


def arguments() -> Parser:
    parser = Parser(__doc__)
    port = whole("--port", 1, 65_535)  # clients are told it, so that it cannot be any free one
    parser.add_argument("--port", type=port, default=15002, help="where clients find it (default: 15002)")
    parser.add_argument("--bind", default="127.0.0.1", help="address that it listens at (default: 127.0.0.1)")
    parser.add_argument("--master", default="local[*]", help="where its tasks run (default: local[*])")
    parser.add_argument(
        "--rows", type=whole("--rows", 0), default=0, help="rows of history that it will see: sets up its JVM"
    )
    add_flags(parser, "lake")
    return parser


def main() -> None:
    args = arguments().parse_args()
    require_java()
    jars.require_delta(settings().spark.properties)
    lake = storage.spark_properties(from_flags(args).lake.root)
    properties = {**jvm.options(args.rows), **lake, **settings().spark.properties}
    words = command(args.port, args.master, properties, args.bind)
    os.execve(words[0], words, spark_environment())  # noqa: S606 - the words are built above, and no shell reads them


if __name__ == "__main__":
    with stoppable(), refusals_told():
        main()
