"""Spark SQL over a lake, every table and view by name: a prompt, or what --query says.

python -m jobs sql --lake-root data/lake [--query "SELECT …; SELECT …"] [--format csv]

Without --query, and with text on the standard input, that text is run. ``make sql`` starts a Spark Connect server
for it where none answers; without [spark] remote this process has a Spark of its own. An error ends it with code 1.
"""

import argparse
import contextlib
import logging
import os
import sys

from pyspark.sql.connect.client.retries import DefaultPolicy

from conf.errors import CODE, Refused, tell
from conf.settings import add_flags, from_flags
from jobs.runtime.session import spark_session
from jobs.sql import failures, prompt, rendering
from jobs.sql.engine import Engine
from jobs.sql.statements import split
from lake.access import Lake
from lake.storage import is_url

PATIENCE = 5  # times that a server is asked again, a quarter of a minute in all


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--query", help="statements to run, separated by ; (default: a prompt)")
    parser.add_argument("--format", choices=rendering.FORMATS, default="table", help="of the answer (default: table)")
    parser.add_argument("--write", action="store_true", help="allow statements that change tables, such as DELETE")
    add_flags(parser, "lake", "spark")
    return parser


def main() -> int:
    """The exit code: 1 where a statement failed."""
    args = arguments().parse_args()
    # PySpark logs every error with its stack besides raising it.
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    logging.getLogger("pyspark.sql.connect.logging").setLevel(logging.CRITICAL)
    settings = from_flags(args)
    query = args.query if args.query is not None or sys.stdin.isatty() else sys.stdin.read()
    lake = Lake(settings.lake.root)
    if not is_url(lake.root) and not os.path.isdir(lake.root):
        raise Refused(
            f"{lake.root}: there is no such folder; make run makes the demo's lake, ROOT=folder names another"
        )
    spark = spark_session(settings, "sql")
    if settings.spark.remote:  # a job waits ten minutes for a server that went away, a person does not
        spark.client.set_retry_policies([DefaultPolicy(max_retries=PATIENCE)])
    engine = Engine(spark, lake, args.write)
    if query is None:
        print(f"{lake.root}: Spark SQL, ended by ;  help tells more, exit leaves" + " (may write)" * args.write)
        prompt.loop(engine, prompt.session(prompt.history()), prompt.page)
        return 0
    return run(engine, split(query), args.format)


def run(engine: Engine, statements: list[str], form: str) -> int:
    """Print the answers to some statements, up to the first that fails."""
    at_most = prompt.SHOWN if form == "table" else None
    for statement in statements:
        try:
            rows = engine.run(statement, None if at_most is None else at_most + 1)
            print(rendering.text(rows, form, at_most), end="", flush=True)
        except BrokenPipeError:  # whoever read it has enough
            return 0
        except KeyboardInterrupt:
            prompt.stop(engine)
            return 130
        except Exception as error:
            print(failures.text(error, statement), file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    try:
        code = main()
    except Refused as refusal:
        tell(refusal)
        code = CODE
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.flush()
    # As in jobs.runtime.command: threads of deltalake and pyarrow may abort an interpreter that goes down.
    os._exit(code)
