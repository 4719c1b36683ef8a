"""Run a task by Luigi's own command, after every word has been checked: what ``moovitamix day`` and ``backfill`` share.

A word that is not known here is refused; ``luigi --module tasks.daily …`` takes all that Luigi knows.
"""

import sys
from typing import NoReturn

from luigi.cmdline import luigi_run

from conf.command_line import Parser, begun_day, folder_to_make, whole
from conf.settings import SECTIONS, add_flags, from_flags
from lake import storage


def arguments(doc: str | None) -> Parser:
    """The flags of both commands: those of how Luigi runs, and every setting."""
    result = Parser(doc)
    result.add_argument(
        "--snapshot-date",
        type=begun_day("--snapshot-date"),
        metavar="YYYY-MM-DD",
        help="use this day's raw folders in place of its own",
    )
    result.add_argument("--workers", type=whole("--workers", 1, 64), default=1, help="steps at once (default: 1)")
    result.add_argument("--scheduler-url", metavar="URL", help="of luigid; without it the command schedules by itself")
    add_flags(result, *SECTIONS)
    return result


def run(task: str, parser: Parser) -> NoReturn:
    """Check the command line, and let Luigi run the task with the same words; the process ends with Luigi's code.

    Raises:
        BadSetting: a word or a setting is wrong; nothing was started.
    """
    args = parser.parse_args()
    settings = from_flags(args)
    if not storage.is_url(settings.lake.root):
        folder_to_make(settings.lake.root)
    # The tasks are imported when it is sure that there is something to run.
    from tasks.run import luigi_command

    luigi_command.prepare()
    own = [] if args.scheduler_url else ["--local-scheduler"]
    luigi_run(["--module", "tasks.daily", task, *sys.argv[1:], *own])
    raise SystemExit(0)  # Luigi has ended the process with its code before
