"""Ask the lake in Spark SQL, at a prompt or by --query.

Without --query, and with text on the standard input, that text is run.

The queries run on [spark] remote where that is set, else on the server that answers on port 15002, such as that of a
``make run`` under way, else on one that is started here, on a port of its own, and stopped at the end.
"""

import contextlib
import signal
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator

from conf.command_line import Parser, add_query_flags, refuse_no_folder
from conf.errors import BadSetting, refusals_told
from conf.settings import Settings, as_flags, from_flags
from conf.stopping import stoppable
from lake import storage
from lake.layout import state_folder
from tasks.run import jvm
from tasks.run.demo import PORT, say
from tasks.run.probe import answers, free_port, why_not
from tasks.run.spark_server import running


def arguments() -> Parser:
    result = Parser(__doc__)
    add_query_flags(result)
    return result


def main() -> int:
    args = arguments().parse_args()
    settings = from_flags(args)
    refuse_no_folder(settings.lake.root)
    asked = [] if args.query is None else [f"--query={args.query}"]
    words = [*asked, f"--format={args.format}", *["--write"] * args.write, *as_flags(settings, "lake")]
    with server(settings) as remote:
        return client([sys.executable, "-m", "jobs", "sql", *words, f"--spark-remote={remote}"])


@contextlib.contextmanager
def server(settings: Settings) -> Iterator[str]:
    """The URL of the server to ask about ``[lake] root``, started where there is none.

    Raises:
        BadSetting: the one that was named does not answer.
    """
    remote, root = settings.spark.remote, settings.lake.root
    if remote and not reachable(remote):  # Spark's client would ask again for ten minutes
        raise BadSetting(f"no Spark Connect server answers at {remote}; without [spark] remote one is started here")
    if remote or (answers(PORT) and not storage.is_url(root)):  # one for a folder need not know the bucket
        yield remote or f"sc://127.0.0.1:{PORT}"
        return
    properties = {**jvm.options(), **storage.spark_properties(root), **settings.spark.properties}
    log = state_folder() / "spark.log"
    say(f"starting Spark, some seconds; log in {log}")
    # Not on the port that others look at: whoever found it there would lose it when this prompt ends.
    with running(free_port(), log, properties=properties) as url:
        yield url


def reachable(remote: str) -> bool:
    """Whether something answers at a ``sc://host:port`` (15002 where there is no port)."""
    address = urllib.parse.urlsplit(remote)
    return not why_not(f"tcp://{address.hostname}:{address.port or PORT}")


def client(command: list[str]) -> int:
    """Run the prompt; Ctrl-C is its own."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    process = subprocess.Popen(command)
    try:
        return process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
        signal.signal(signal.SIGINT, before)


if __name__ == "__main__":
    with stoppable(again="the same command asks again"), refusals_told():
        sys.exit(main())
