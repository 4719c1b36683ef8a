"""Print the last day done, the champion, and what needs attention."""

import datetime

from conf.advice import typed
from conf.command_line import Parser
from jobs.health.monitoring import finding
from jobs.health.overview import last_day, missing_days
from jobs.runtime.command import Job, ask, parser
from lake.champion import champion_before

FINDINGS = 3  # of the last day, most pressing first


def show(job: Job) -> None:
    print(text(job))


def text(job: Job) -> str:
    """``--date`` is the last day that should be done."""
    lake = job.lake()
    last = last_day(lake)
    if last is None:
        return typed(f"no day is done in {lake.root} yet; make run starts a demo, README.md says how to run your own")
    current = champion_before(lake, job.date + datetime.timedelta(days=1))
    behind = [last + datetime.timedelta(days=day) for day in range(1, (job.date - last).days + 1)]
    missing = [*missing_days(lake), *behind]
    attention = [
        f"attention      {found.text}{f'; {found.command}' if found.command else ''}"
        for found in finding.read(lake, last)[:FINDINGS]
    ]
    return "\n".join(
        [
            f"last day done  {last}",
            f"champion       {f'model {current.version}, since {current.since}' if current else 'none: popular tracks are served'}",
            f"missing days   {', '.join(map(str, missing[:10])) + (' …' if len(missing) > 10 else '') if missing else 'none'}",
            *attention,
        ]
    )


def arguments() -> Parser:
    return parser(__doc__, "lake", date="yesterday")


if __name__ == "__main__":
    ask(show, arguments())
