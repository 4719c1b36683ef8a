"""Let Spark keep a log of its events, from which the run ledger takes what each step's tasks did.

Neither a step nor a task has to know of it: the ledger reads the log once the command is over, and removes it
(``jobs/runtime/spark_events.py``). The log is Spark's own account, the same under spark-submit and on a Connect server, where
one server's log tells the steps apart by their sessions. Its listener has a thread of its own beside the work.
"""

import pathlib

from lake.layout import SPARK_EVENTS

# What is not read need not be written: plans are most of a log.
LEAST = {
    "spark.eventLog.enabled": "true",
    "spark.eventLog.compress": "true",
    "spark.eventLog.rolling.enabled": "false",
    "spark.eventLog.includeTaskMetricsAccumulators": "false",
    "spark.sql.ui.explainMode": "simple",
    "spark.sql.maxPlanStringLength": "100",
}


def options(beside: pathlib.Path) -> dict[str, str]:
    """Spark's properties, with the log in a folder of its own in ``beside``; :func:`make` makes it, as Spark does not."""
    return {**LEAST, "spark.eventLog.dir": _folder(beside).as_uri()}


def make(beside: pathlib.Path) -> None:
    _folder(beside).mkdir(parents=True, exist_ok=True)


def _folder(beside: pathlib.Path) -> pathlib.Path:
    return (beside / SPARK_EVENTS).absolute()
