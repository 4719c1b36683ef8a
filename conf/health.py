"""Every figure of the system's health: its name, unit, label and which way is bad, declared once.

Recorded day by day in the table ``health``, drawn in the report, watched for anomalies, exported to Prometheus and mailed.
A figure with a label has one value for each of a bounded set: entities, tasks, tables, fields, rules.
"""

import dataclasses
from typing import Literal

Unit = Literal["share", "seconds", "days", "rows", "count", "bytes", "score"]
Bad = Literal["high", "low", "either", "never"]


@dataclasses.dataclass(frozen=True)
class Metric:
    """``bad`` says in which direction a departure from the usual is worth a person's time."""

    name: str
    unit: Unit
    help: str
    bad: Bad
    label: str = ""  # what its values are told apart by; empty where there is one a day
    smallest: float = 0.0  # departures smaller than this, in the metric's own unit, are never worth a word
    command: str = ""  # what helps, where a person has to act; {date}, {label} and {root} are filled in


LOG = "less {root}/logs/{date}/{label}.log"
QUARANTINE = "make sql Q=\"SELECT reasons, row FROM quarantine WHERE date = '{date}' AND entity = '{label}'\""

STABILITY = (
    Metric("steps_failed", "count", "attempts of a step that failed", "high", "task", command=LOG),
    Metric("steps_killed", "count", "attempts of a step that began and have no end", "high", "task", command=LOG),
    Metric("step_restarts", "count", "attempts of a step beside its first", "high", "task", command=LOG),
    Metric("step_success_share", "share", "steps that are done, of those that began", "low", smallest=0.001),
    Metric("day_complete", "count", "1 where every step of the day is done", "low"),
    Metric("days_missing", "days", "days without lists between the first and this one", "high", smallest=1),
    Metric("mail_failures", "count", "mails that could not be sent", "high", command="make mail-check"),
)
DATA = (
    Metric("rows_fetched", "rows", "rows of the API in the snapshot", "either", "entity", smallest=1),
    Metric("rows_clean", "rows", "units found clean", "either", "entity", smallest=1),
    Metric("rows_unaccounted", "rows", "units fetched that are not accounted for", "high", "entity"),
    Metric("plays_of_day", "rows", "plays that happened on the date", "either", smallest=1),
    Metric("duplicate_share", "share", "duplicates among the units fetched", "high", "entity", 0.001),
    Metric("quarantined_share", "share", "quarantined among the units fetched", "high", "entity", 0.001, QUARANTINE),
    Metric("quarantined_rows", "rows", "units that break a rule", "high", "rule", smallest=5),
    Metric("null_share", "share", "nulls and empty texts among a field's clean values", "high", "field", 0.005),
    Metric("fields_missing", "count", "declared fields that no row of the snapshot has", "high", "entity"),
    Metric("fields_unknown", "count", "fields of the snapshot that are not declared", "high", "entity"),
    Metric(
        "torn_snapshots", "count", "times a snapshot was fetched anew because its pages did not agree", "high", "entity"
    ),
    Metric("api_retries", "count", "requests asked again after a passing fault", "high", "entity", 3),
    Metric("table_age", "days", "days since a table's newest row", "high", "table", 1),
    Metric("disk_free", "share", "free space of the lake's disk", "low"),
)
PERFORMANCE = (
    Metric("day_duration", "seconds", "from the day's first step to its last, as it stands", "high", smallest=10),
    Metric("step_duration", "seconds", "wall time of a step", "high", "task", 5),
    Metric("step_cpu", "seconds", "processor time of a step with its children", "high", "task", 5),
    Metric("step_memory", "bytes", "largest resident memory of a process of the step", "high", "task", 100e6),
    Metric("step_read", "bytes", "read from disk by the step", "never", "task"),
    Metric("step_written", "bytes", "written to disk by the step", "never", "task"),
    Metric("step_rows", "rows", "rows that the step wrote", "never", "task"),
    Metric("spark_task_time", "seconds", "run time of the step's Spark tasks, added up", "never", "task"),
    Metric("spark_shuffle", "bytes", "written to shuffles by the step's Spark tasks", "never", "task"),
    Metric("spark_spill", "bytes", "spilled to disk by the step's Spark tasks", "high", "task", 100e6),
)
MODEL = (
    Metric("live_ndcg", "score", "live NDCG of the model's lists", "low", smallest=0.005, command="make trend"),
    Metric("live_ndcg_popularity", "score", "the same of popularity, for the same users", "never"),
    Metric("live_users", "count", "users that live NDCG is measured on", "low", smallest=10),
    Metric("holdout_ndcg", "score", "holdout NDCG of the day's challenger", "never"),
    Metric("holdout_ndcg_popularity", "score", "the same of popularity", "never"),
    Metric("champion_age", "days", "days since the champion's promotion", "high", command="make models"),
    Metric(
        "unknown_play_share",
        "share",
        "plays of the day of tracks that the champion does not know",
        "high",
        smallest=0.01,
    ),
    Metric("popular_share", "share", "users whose list is popularity's", "high", smallest=0.01),
    Metric("coverage", "share", "share of the catalogue that stands in the lists", "low", smallest=0.005),
    Metric("users_served", "count", "users with a list", "either", smallest=1),
)

METRICS: dict[str, Metric] = {metric.name: metric for metric in (*STABILITY, *DATA, *PERFORMANCE, *MODEL)}
GROUPS = {"stability": STABILITY, "data": DATA, "performance": PERFORMANCE, "model": MODEL}
