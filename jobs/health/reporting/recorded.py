"""What is recorded of a date and of the days before it, as a report shows it. Read from the lake, without Spark."""

import dataclasses
import datetime

from jobs.health import spool
from jobs.health.monitoring.day_health import DayHealth
from jobs.health.monitoring.finding import Finding
from jobs.health.monitoring.series import Key, Series
from jobs.health.reporting.panels import DAYS, Flags
from jobs.health.spool import Attempt
from lake.access import Lake


@dataclasses.dataclass(frozen=True)
class Recorded:
    series: Series
    findings: list[Finding]  # of the date, most pressing first
    flags: Flags  # severities of the last days
    attempts: list[Attempt]  # of the date; one that is under way is not among them


def recorded(lake: Lake, health: DayHealth) -> Recorded:
    """The date's health with what was found on the days before, and the attempts of its steps."""
    attempts = [*lake.rows("runs", [("date", "=", health.date)]), *spool.of_date(lake.root, health.date)]
    return Recorded(health.series, health.findings, flags(lake, health), attempts)


def flags(lake: Lake, health: DayHealth) -> Flags:
    since = health.date - datetime.timedelta(days=DAYS - 1)
    found: dict[Key, dict[datetime.date, str]] = {}
    names = ["date", "metric", "label", "severity"]
    for row in lake.rows("findings", [("date", ">=", since), ("date", "<", health.date)], names):
        found.setdefault((row["metric"], row["label"]), {})[row["date"]] = row["severity"]
    for finding in health.findings:
        found.setdefault((finding.metric, finding.label), {})[health.date] = finding.severity
    return found
