"""Run a range of days, one after another.

moovitamix backfill --start YYYY-MM-DD --end YYYY-MM-DD

It is ``luigi --module tasks.daily Backfill --local-scheduler``. Days that are complete are passed by.
"""

from conf.command_line import Parser, begun_day
from conf.errors import refusals_told
from conf.stopping import stoppable
from tasks.run import luigi_words


def arguments() -> Parser:
    result = luigi_words.arguments(__doc__)
    for name, what in (("--start", "first day"), ("--end", "last day")):
        result.add_argument(name, required=True, type=begun_day(name), metavar="YYYY-MM-DD", help=what)
    return result


if __name__ == "__main__":
    with stoppable(), refusals_told():
        luigi_words.run("Backfill", arguments())
