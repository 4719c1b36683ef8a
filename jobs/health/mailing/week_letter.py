"""Seven days as their mail tells of them: a column a day, the course of each figure, and what was decided."""

import collections
import dataclasses
import datetime
import pathlib
from collections.abc import Sequence
from typing import Any

from conf.decisions import moment
from jobs.health.mailing.day_letter import decisions, failing, keys, title
from jobs.health.mailing.letter import Letter
from jobs.health.monitoring import finding, series
from jobs.health.monitoring.finding import Finding
from jobs.health.monitoring.series import Key, Series
from jobs.health.monitoring.units import figure
from lake.access import Lake
from lake.layout import report_file, report_revision

DAYS = 7
BARS = "▁▂▃▄▅▆▇█"
QUIET = ("keep", "none")  # decisions that leave everything as it is


@dataclasses.dataclass(frozen=True)
class Week:
    """``ends``: how each of the dates ended, ``done``, ``failed``, ``missing``, or ``-`` before there were any."""

    dates: list[datetime.date]
    ends: list[str]
    findings: dict[datetime.date, list[Finding]]
    figures: Series
    decisions: list[dict[str, Any]]
    report: pathlib.Path | None


def read(lake: Lake, last: datetime.date) -> Week:
    """The seven days up to and including ``last``."""
    dates = [last - datetime.timedelta(days=days) for days in range(DAYS - 1, -1, -1)]
    within = [("date", ">=", dates[0]), ("date", "<=", last)]
    runs = collections.defaultdict(list)
    for run in lake.rows("runs", within):
        runs[run["date"]].append(run)
    report = report_file(lake.root, last)
    first = min((file.stem for file in report.parent.glob("????-??-??.html")), default="")
    return Week(
        dates=dates,
        ends=[end(runs[date], report_file(lake.root, date), begun=first <= str(date)) for date in dates],
        findings={date: finding.read(lake, date) for date in dates},
        figures=series.read(lake, last, days=DAYS),
        decisions=sorted(lake.rows("decisions", within), key=moment),
        report=report if report.exists() else None,
    )


def end(runs: list[dict[str, Any]], report: pathlib.Path, begun: bool) -> str:
    """How a date ended; ``begun``: whether the pipeline ran by then."""
    if failing(runs):
        return "failed"
    if report_revision(report) >= 1:  # that of a day which failed has revision 0
        return "done"
    return "missing" if begun else "-"


def letter(week: Week, link: str = "") -> Letter:
    """The week's mail; ``link`` leads to the last day's report where that is served."""
    rows = [row(key, week) for key in keys(week.figures)]
    values = {
        "first": str(week.dates[0]),
        "last": str(week.dates[-1]),
        "verdict": sentence(week),
        "days": [f"{date:%a %d}" for date in week.dates],
        "ends": week.ends,
        "counts": [str(len(week.findings[date])) for date in week.dates],
        "rows": rows,
        "width": max(len(each["title"]) for each in rows) if rows else 8,
        "findings": [
            {"date": str(date), **dataclasses.asdict(found)} for date in week.dates for found in week.findings[date]
        ],
        "decisions": decisions([each for each in week.decisions if each["decision"] not in QUIET]),
        "link": link,
    }
    return Letter(f"week to {week.dates[-1]}: {sentence(week)}", "mail.week", values, week.report)


def sentence(week: Week) -> str:
    """The week in a sentence."""
    done, wrong = week.ends.count("done"), [date for date in week.dates if week.findings[date]]
    parts = [f"{done} of {len(week.dates) - week.ends.count('-')} days done"]
    for name in ("failed", "missing"):
        named = [f"{date:%A}" for date, how in zip(week.dates, week.ends, strict=True) if how == name]
        parts += [f"{name}: {', '.join(named)}"] if named else []
    parts.append(f"something to look at on {len(wrong)} of them" if wrong else "nothing to look at")
    return f"{'; '.join(parts)}."


def row(key: Key, week: Week) -> dict[str, Any]:
    """A figure's course over the week."""
    points = dict(week.figures[key])
    values = [points.get(date) for date in week.dates]
    shown = ["" if value is None else figure(key[0], value) for value in values]
    return {"title": title(key), "course": sparkline(values), "values": shown}


def sparkline(values: Sequence[float | None]) -> str:
    """A bar a value, from the lowest to the highest of them; a dot where there is none.

    >>> sparkline([1, None, 3, 5])
    '▁·▅█'
    """
    known = [value for value in values if value is not None]
    low, high = (min(known), max(known)) if known else (0.0, 0.0)

    def bar(value: float) -> str:
        return BARS[int((value - low) / (high - low) * (len(BARS) - 1) + 0.5)] if high > low else BARS[0]

    return "".join("·" if value is None else bar(value) for value in values)
