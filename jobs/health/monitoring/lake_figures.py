"""Figures of the lake itself: how new its tables are, which days have lists, how full the disk is."""

import datetime
import shutil

from conf.tables import marker
from jobs.health.monitoring.series import DayFigures
from jobs.health.overview import listed_days
from lake.access import Lake
from lake.storage import is_url

NEWEST = {  # the column that says how new a table's rows are
    "tracks": "last_seen",
    "users": "last_seen",
    "listens": "first_seen",
    "accounting": "date",
    "evaluations": "date",
    "decisions": "date",
    "recommendations": "date",
}
LOOK_BACK = 7  # days in which a missing one is still worth making up for


def of_date(lake: Lake, date: datetime.date) -> DayFigures:
    found: DayFigures = {}
    for table, column in NEWEST.items():
        newest = lake.newest(table, column)
        if newest is not None:
            found["table_age", table] = float(max(0, (date - newest).days))
    found["days_missing", ""] = float(missing(listed_days(lake), date))
    found["day_complete", ""] = float(has_lists(lake, date))
    if not is_url(lake.root):
        usage = shutil.disk_usage(lake.root)
        found["disk_free", ""] = usage.free / usage.total
    return found


def missing(listed: set[datetime.date], date: datetime.date) -> int:
    """Days that did not come to their lists among the last before ``date``, counted from the first that did."""
    if not listed:
        return 0
    last = (date - datetime.timedelta(days=days) for days in range(1, LOOK_BACK + 1))
    return sum(day not in listed for day in last if day >= min(listed))


def has_lists(lake: Lake, date: datetime.date) -> bool:
    """Whether ``Recommend`` is done, of a day that is over or not."""
    return Lake(lake.root, revision=0).committed(marker("recommendations", "Recommend", date))
