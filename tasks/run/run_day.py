"""Run every step of a day that is not done.

moovitamix day [--date YYYY-MM-DD]

It is ``luigi --module tasks.daily DailyPipeline --local-scheduler`` and ends with Luigi's code: 0 the day is complete, 2
a word or setting is wrong and nothing was started, 30 a step failed. The same command goes on where it stopped.
"""

from conf.command_line import Parser, begun_day, whole
from conf.errors import refusals_told
from conf.stopping import stoppable
from tasks.run import luigi_words


def arguments() -> Parser:
    result = luigi_words.arguments(__doc__)
    result.add_argument(
        "--date",
        type=begun_day("--date"),
        metavar="YYYY-MM-DD",
        help="the day to run (default: the last whole day, UTC)",
    )
    result.add_argument(
        "--revision",
        type=whole("--revision", 1),
        help="recompute the day from the raw folders that it has; a number above that of the last time",
    )
    result.add_argument(
        "--accept-volume-change",
        action="store_true",
        help="take a snapshot although it is empty or much smaller than those of the days before",
    )
    result.add_argument("--force-train", action="store_true", help="train a challenger although no rule calls for it")
    result.add_argument("--no-promote", action="store_true", help="leave the champion in production")
    return result


if __name__ == "__main__":
    with stoppable(), refusals_told():
        luigi_words.run("DailyPipeline", arguments())
