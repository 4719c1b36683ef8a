"""Mail what a command brought, as it ends: each date whose report it wrote, or that a step of it failed in.

What happened is read from the run ledger's spool, which also has what workers in other processes did. Where
``[mail] recipients`` is empty nothing is started, and no mail that fails is a failure of the command.
"""

import atexit
import datetime
import json
import logging
import os
from collections.abc import Iterable

from conf.advice import typed
from conf.settings import Settings, as_flags
from conf.stopping import stoppable
from lake.failing import MAIL
from lake.layout import day_log, spool_folder
from tasks.observe.attempts import Ledger
from tasks.observe.logs import StepLog
from tasks.observe.side_job import complaint
from tasks.report import HealthReport
from tasks.run.luigi_settings import settings

log = logging.getLogger("moovitamix.notify")

SECTIONS = ("lake", "mail", "report")
PATIENCE = 120  # seconds for a process that ends itself sooner


def listen(book: Ledger) -> None:
    """Mail when this command ends."""
    atexit.register(stoppable()(finish), book)


def finish(book: Ledger) -> None:
    """Fold the ledger, for the mail tells of what is in it, and mail; after a mail that failed no other is tried."""
    if os.getpid() != book.command or not book.roots or not settings().mail.addresses:
        return
    dates = {root: ended(spool(book, root)) for root in book.roots}
    book.fold()
    for root, found in dates.items():
        for date in found:
            if not mail(root, date, settings()):
                return


def spool(book: Ledger, root: str) -> list[str]:
    """The lines that this command has spooled."""
    try:
        return (spool_folder(root) / book.name).read_text().splitlines()
    except OSError:
        return []


def ended(lines: Iterable[str]) -> list[datetime.date]:
    """The dates that there is something to say of: reported on, or with a step that failed."""
    found = set()
    for line in lines:
        entry = json.loads(line)
        if entry["status"] == "failed" or (entry["task"], entry["status"]) == (HealthReport.__name__, "done"):
            found.add(datetime.date.fromisoformat(entry["date"]))
    return sorted(found)


def mail(root: str, date: datetime.date, chosen: Settings) -> bool:
    """Start the job that mails; whether all went well."""
    words = ["notify", f"--date={date}", "--once", *as_flags(chosen, *SECTIONS), f"--lake-root={root}"]
    said = complaint(words, PATIENCE, late=f"error: the mail job did not end within {PATIENCE} s")
    if said is None:
        return True
    text = typed(f"the mail of {date} was not sent: {_cause(said)}; make mail-check tries the settings")
    log.warning("%s", text)
    form = chosen.logs.format
    StepLog(day_log(root, date, form), date, MAIL, form).write([text], "warning")
    return False


def _cause(lines: list[str]) -> str:
    """The job's own refusal, or its last words."""
    refusals = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return (refusals or [line for line in lines if line.strip()] or ["it said nothing"])[-1][:500]
