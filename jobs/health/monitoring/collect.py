"""A date's figures from the tables, the raw folders' manifests and the run ledger.

No table is read whole: what the log says of a table's files, the rows of a date, of them the columns that are counted.
"""

import datetime
import logging
from collections.abc import Callable

from conf.figures import METRICS
from conf.settings import Settings
from jobs.health.monitoring import lake_figures, model_figures, snapshot_figures, step_figures
from jobs.health.monitoring.series import DayFigures, Key
from lake.access import Lake

log = logging.getLogger("jobs")

# Not counted on a day on which there were none: that they were on another day makes their absence a figure.
ABSENT_IS_NONE = ("quarantined_rows",)


def collect(lake: Lake, date: datetime.date, settings: Settings, known: set[Key] | None = None) -> DayFigures:
    """The figures of a date, as far as there are any; ``known`` are those of the days before."""
    parts: dict[str, Callable[[], DayFigures]] = {
        "the steps": lambda: step_figures.of_date(lake, date),
        "the snapshots": lambda: snapshot_figures.of_date(lake, date),
        "the tables": lambda: lake_figures.of_date(lake, date),
        "the model": lambda: model_figures.of_date(lake, date, settings.evaluate.k),
    }
    found: DayFigures = {}
    for name, part in parts.items():
        try:
            found |= part()
        except Exception:  # a figure that cannot be had must not cost the day, nor the other figures
            log.exception("figures of %s could not be collected", name)
    if found.get(("step_success_share", ""), 1.0) < 1:
        found["day_complete", ""] = 0.0
    entities = {label for metric, label in found if metric == "rows_clean"}
    for metric, label in known or set():
        if metric in ABSENT_IS_NONE and label.partition(".")[0] in entities:
            found.setdefault((metric, label), 0.0)
    return {key: value for key, value in found.items() if key[0] in METRICS}
