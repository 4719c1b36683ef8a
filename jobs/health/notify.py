"""Mail how a day went, or its week.

Needs no Spark.

By hand it sends; ``--once``, as the pipeline calls it, leaves out what ``[mail]`` does not ask for and what was
sent before. ``--test`` sends a mail that says so. A mail that could not be sent is an attempt in ``runs``.
"""

import datetime
import socket
import sys

from conf import days
from conf.command_line import Parser
from conf.errors import BadSetting
from conf.settings import WEEKDAYS, MailSettings, Settings, from_flags
from jobs.health.mailing import day_letter, sent, smtp, week_letter
from jobs.health.mailing.day_letter import MailedDay
from jobs.health.mailing.letter import Letter, message
from jobs.health.mailing.sent import Mailed
from jobs.runtime.command import Figures, Job, answer, parser, run
from lake.access import Lake
from lake.failing import MAIL

SECTIONS = ("lake", "mail", "report")


def main(job: Job) -> Figures:
    settings = job.settings
    require_recipients(settings.mail)
    lake = job.lake()
    seen = day_letter.read(lake, job.date, partial=job.date >= days.today())
    letters = due(seen, settings.mail, sent.read(lake.root)) if job.args.once else asked(job, seen)
    for mailed in letters:
        deliver(lake, mailed, compose(lake, seen, mailed.kind, settings), settings.mail)
    return {"mails": [mailed.kind for mailed in letters], "rows_out": len(letters)}


def asked(job: Job, seen: MailedDay) -> list[Mailed]:
    return [Mailed(str(job.date), "week", "")] if job.args.weekly else [Mailed(str(job.date), "day", seen.outcome)]


def due(seen: MailedDay, mail: MailSettings, before: set[Mailed]) -> list[Mailed]:
    """What is to be sent of a date by itself, given what was."""
    date = str(seen.date)
    of_day, of_week = Mailed(date, "day", seen.outcome), Mailed(date, "week", "")
    weekly = WEEKDAYS[seen.date.weekday()] == mail.weekly and not seen.partial and not seen.failing
    letters = [of_day] * wanted(seen, mail.when, before) + [of_week] * weekly
    return [letter for letter in letters if letter not in before]


def wanted(seen: MailedDay, when: str, before: set[Mailed]) -> bool:
    """Whether ``[mail] when`` asks for the day's mail; of a day that is not over only that it failed.

    Where people were told that the day failed, they are told that it is done.
    """
    if when == "never" or (seen.partial and not seen.failing):
        return False
    mended = any(each.date == str(seen.date) and each.outcome.startswith("failed") for each in before)
    return when == "always" or seen.wrong or mended


def compose(lake: Lake, seen: MailedDay, kind: str, settings: Settings) -> Letter:
    base = settings.report.base_url
    link = f"{base.rstrip('/')}/{seen.report.name}" if base and seen.report else ""
    return (
        week_letter.letter(week_letter.read(lake, seen.date), link)
        if kind == "week"
        else day_letter.letter(seen, lake.root, link)
    )


def deliver(lake: Lake, mailed: Mailed, letter: Letter, mail: MailSettings) -> None:
    """Send and remember.

    Raises:
        NotSent: after the failure is in ``runs``, for the next date's health to count.
    """
    began = datetime.datetime.now(datetime.UTC)
    try:
        smtp.send(message(letter, mail), mail)
    except smtp.NotSent as failure:
        record(lake, mailed, began, failure.message)
        if isinstance(failure, smtp.PartlySent):
            sent.add(lake.root, mailed, len(mail.addresses))
        raise
    sent.add(lake.root, mailed, len(mail.addresses))


def record(lake: Lake, mailed: Mailed, began: datetime.datetime, error: str) -> None:
    """A row of ``runs``: a step that failed, though no step of the day."""
    now = datetime.datetime.now(datetime.UTC)
    attempt = {
        "date": datetime.date.fromisoformat(mailed.date),
        "task": MAIL,
        "status": "failed",
        "attempt": 1,
        "started_at": began,
        "seconds": round((now - began).total_seconds(), 3),
        "host": socket.gethostname(),
        "error": error,
    }
    lake.append_rows([attempt], "runs", f"runs/{MAIL}-{now.timestamp()}")


def check(settings: Settings) -> str:
    """Send a mail that is only a test, and say how it went."""
    mail = settings.mail
    require_recipients(mail)
    values = {
        "date": "A test",
        "verdict": "This is a test of the mail settings: it arrived.",
        "failing": [],
        "findings": [],
        "figures": [],
        "decisions": [],
        "link": "",
    }
    outcome = smtp.send(message(Letter("test of the mail settings", "mail", values), mail), mail)
    return f"{outcome.how} took the mail for {', '.join(outcome.recipients)}; see whether it arrived"


def require_recipients(mail: MailSettings) -> None:
    if not mail.addresses:
        raise BadSetting("[mail] recipients: found none, so nothing is ever mailed; name e-mail addresses")


def arguments() -> Parser:
    result = parser(__doc__, *SECTIONS, date="today")
    result.add_argument("--weekly", action="store_true", help="the mail of the seven days up to the date")
    result.add_argument("--once", action="store_true", help="only what [mail] asks for and was not sent before")
    result.add_argument("--test", action="store_true", help="a mail that says that it is a test; needs no lake")
    return result


def test() -> None:
    print(check(from_flags(arguments().parse_args())))


if __name__ == "__main__":
    if "--test" in sys.argv[1:]:
        answer(test)
    run(main, arguments())
