"""Ask the lake in Spark SQL, at a prompt or by --query.

Every table and view has its name.

python -m jobs sql --lake-root data/lake [--query "SELECT …; SELECT …"] [--format csv]

Without --query, and with text on the standard input, that text is run. ``make sql`` starts a Spark Connect server
for it where none answers; without [spark] remote this process has a Spark of its own. An error ends it with code 1.
"""

import logging
import signal
import sys

from pyspark.sql.connect.client.retries import DefaultPolicy

from conf.command_line import Parser, add_query_flags, refuse_no_folder
from conf.settings import from_flags
from jobs.runtime.command import answer
from jobs.runtime.session import spark_session
from jobs.sql import failures, prompt, rendering
from jobs.sql.engine import Engine
from jobs.sql.statements import split
from lake.access import Lake

PATIENCE = 5  # times that a server is asked again, a quarter of a minute in all


def arguments() -> Parser:
    result = Parser(__doc__)
    add_query_flags(result)
    return result


def main() -> int:
    """The exit code: 1 where a statement failed."""
    args = arguments().parse_args()
    settings = from_flags(args)
    refuse_no_folder(settings.lake.root)
    # PySpark logs every error with its stack besides raising it.
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    logging.getLogger("pyspark.sql.connect.logging").setLevel(logging.CRITICAL)
    query = args.query if args.query is not None or sys.stdin.isatty() else sys.stdin.read()
    lake = Lake(settings.lake.root)
    spark = spark_session(settings, "sql")
    if settings.spark.remote:  # a job waits ten minutes for a server that went away, a person does not
        spark.client.set_retry_policies([DefaultPolicy(max_retries=PATIENCE)])
    engine = Engine(spark, lake, args.write)
    if query is None:
        print(f"{lake.root}: Spark SQL, ended by ;  help tells more, exit leaves" + " (may write)" * args.write)
        signal.signal(signal.SIGINT, signal.default_int_handler)  # Ctrl-C is the prompt's own
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
            raise
        except Exception as error:
            print(failures.text(error, statement), file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    answer(main)
