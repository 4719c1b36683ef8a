"""The days there are, newest first: what the index page shows. The rows come from the lake, the page is pure."""

import dataclasses
import datetime
import pathlib
from collections.abc import Iterable, Mapping
from typing import Any

from conf.decisions import moment
from lake.access import Lake
from lake.layout import report_file

WORDS = {"critical": "Act now", "warning": "Look today", "fine": "All is well", "missing": "missing"}
NOT_WHOLE = "not over"


@dataclasses.dataclass(frozen=True)
class DayRow:
    """A date as texts; ``tone`` is critical, warning, fine or missing, ``link`` is empty where there is no report."""

    date: datetime.date
    tone: str
    word: str
    users: str = ""
    live: str = ""
    popularity: str = ""
    decisions: str = ""
    link: str = ""


def read(lake: Lake, k: int) -> list[DayRow]:
    """The days with a report and those missing between them."""
    health = lake.rows("health", [("metric", "in", ["users_served"])], ["date", "value"])
    live = [("kind", "=", "live"), ("metric", "=", "ndcg"), ("k", "=", k), ("model", "in", ["als", "popularity_als"])]
    return rows(
        reports(lake.root),
        lake.rows("findings", columns=["date", "severity"]),
        {row["date"]: row["value"] for row in health},
        {
            (row["date"], row["model"]): row["value"]
            for row in lake.rows("evaluations", live, ["date", "model", "value"])
        },
        lake.rows("decisions", columns=["date", "step", "decision", "model_version"]),
    )


def reports(root: str) -> dict[datetime.date, str]:
    """The file of each date's report; of a day that is not over, that of the partial one."""
    folder = report_file(root, datetime.date.min).parent
    found: dict[datetime.date, str] = {}
    for path in sorted(folder.glob("*.html"), reverse=True):  # the whole day's name comes last, and holds
        date = _date(path)
        if date:
            found[date] = path.name
    return found


def _date(path: pathlib.Path) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(path.name.removesuffix(".html").removesuffix(".partial"))
    except ValueError:
        return None


def rows(
    files: Mapping[datetime.date, str],
    findings: Iterable[Mapping[str, Any]],
    users: Mapping[datetime.date, float],
    live: Mapping[tuple[datetime.date, str], float],
    decisions: Iterable[Mapping[str, Any]],
) -> list[DayRow]:
    """Newest first; a date without a report between others is missing."""
    severities: dict[datetime.date, set[str]] = {}
    for row in findings:
        severities.setdefault(row["date"], set()).add(row["severity"])
    decided: dict[datetime.date, list[str]] = {}
    for row in sorted(decisions, key=moment):
        decided.setdefault(row["date"], []).append(f"{row['decision']} {row['model_version'] or ''}".strip())
    found = []
    for date in _span(files):
        if date not in files:
            found.append(DayRow(date, "missing", WORDS["missing"]))
            continue
        tone = tone_of(severities.get(date, ()))
        found.append(
            DayRow(
                date,
                tone,
                WORDS[tone] + (f" ({NOT_WHOLE})" if files[date].endswith(".partial.html") else ""),
                f"{users[date]:,.0f}" if date in users else "",
                _score(live.get((date, "als"))),
                _score(live.get((date, "popularity_als"))),
                ", ".join(decided.get(date, [])),
                files[date],
            )
        )
    return found


def _span(dates: Iterable[datetime.date]) -> list[datetime.date]:
    known = sorted(dates)
    if not known:
        return []
    return [known[-1] - datetime.timedelta(days=back) for back in range((known[-1] - known[0]).days + 1)]


def tone_of(severities: Iterable[str]) -> str:
    """The worst of them; fine where there is none."""
    found = set(severities)
    return "critical" if "critical" in found else "warning" if found else "fine"


def _score(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
