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
    says: str = ""  # the headline of a finding: {value}, {label} and {times} are filled in; without ": "
    tolerance: float = 0.25  # nor are those smaller than this share of the usual value
    watched: bool = True  # whether it is held against its own history; some have a limit and no more


LOG = "grep {label} {root}/logs/{date}/day.*"
RAW = "zcat {root}/raw/{label}/date={date}/part-*.jsonl.gz | less"
QUARANTINE = "make sql Q=\"SELECT reasons, row FROM quarantine WHERE date = '{date}' AND entity = '{label}'\""
SLOW = 0.75  # the same step on the same machine takes half as long again for no reason

STABILITY = (
    Metric(
        "steps_failed",
        "count",
        "attempts of a step that failed",
        "high",
        "task",
        command=LOG,
        says="{label} failed {times}",
        watched=False,
    ),
    Metric(
        "steps_killed",
        "count",
        "attempts of a step that began and have no end",
        "high",
        "task",
        command=LOG,
        says="{label} was killed {times}",
        watched=False,
    ),
    Metric("step_restarts", "count", "attempts of a step beside its first", "high", "task", command=LOG, watched=False),
    Metric("step_success_share", "share", "steps that are done, of those that began", "low", watched=False),
    Metric(
        "day_complete",
        "count",
        "1 where every step of the day is done",
        "low",
        says="the day is not complete",
        command="make status ROOT={root}",
        watched=False,
    ),
    Metric(
        "days_missing",
        "days",
        "days without lists among the seven before this one",
        "high",
        says="{value} before this one without lists",
        command="make status ROOT={root}",
        watched=False,
    ),
    Metric(
        "mail_failures",
        "count",
        "mails of the date and the day before that could not be sent",
        "high",
        command="make mail-check",
        says="mail could not be sent {times}",
        watched=False,
    ),
)
DATA = (
    Metric(
        "rows_fetched",
        "rows",
        "rows of the API in the snapshot",
        "either",
        "entity",
        smallest=5,
        says="{value} rows of {label} were fetched",
        command=RAW,
    ),
    Metric(
        "rows_clean",
        "rows",
        "units found clean",
        "either",
        "entity",
        smallest=5,
        command=QUARANTINE,
        says="{value} rows or plays of {label} are clean",
    ),
    Metric(
        "rows_unaccounted",
        "rows",
        "units fetched that are not accounted for",
        "high",
        "entity",
        says="{value} rows or plays of {label} are not accounted for",
        command="make check-lake ROOT={root}",
        watched=False,
    ),
    Metric(
        "plays_of_day",
        "rows",
        "plays that happened on the date",
        "either",
        smallest=20,
        tolerance=0.4,
        says="{value} plays happened on the day",
    ),
    Metric(
        "duplicate_share",
        "share",
        "duplicates among the units fetched",
        "high",
        "entity",
        0.0075,
        tolerance=0.5,
        says="{value} of {label} are duplicates",
        command=RAW,
    ),
    Metric(
        "quarantined_share",
        "share",
        "quarantined among the units fetched",
        "high",
        "entity",
        0.01,
        QUARANTINE,
        tolerance=0.5,
        says="{value} of {label} are in quarantine",
    ),
    Metric(
        "quarantined_rows",
        "rows",
        "units that break a rule",
        "high",
        "rule",
        smallest=10,
        tolerance=0.5,
        says="{value} rows or plays break the rule {label}",
    ),
    Metric(
        "null_share",
        "share",
        "nulls, missing values and empty texts among a field's values in the snapshot",
        "high",
        "field",
        0.01,
        says="{label} has no value in {value} of the rows",
    ),
    Metric(
        "fields_missing",
        "count",
        "declared fields that no row of the snapshot has",
        "high",
        "entity",
        says="{label} came without declared fields ({value})",
        command=RAW,
    ),
    Metric(
        "fields_unknown",
        "count",
        "fields of the snapshot that are not declared",
        "high",
        "entity",
        says="{label} came with fields that are not declared ({value})",
        command=RAW,
    ),
    Metric(
        "torn_snapshots",
        "count",
        "times a snapshot was fetched anew because its pages did not agree",
        "high",
        "entity",
        says="the snapshot of {label} was torn {times}",
        watched=False,
    ),
    Metric(
        "api_retries",
        "count",
        "requests asked again after a passing fault",
        "high",
        "entity",
        5,
        says="{value} requests for {label} were asked again",
    ),
    Metric(
        "table_age",
        "days",
        "days since a table's newest row",
        "high",
        "table",
        1,
        says="nothing new in {label} for {value}",
        command="make status ROOT={root}",
        watched=False,
    ),
    Metric(
        "disk_free",
        "share",
        "free space of the lake's disk",
        "low",
        says="{value} of the disk is free",
        command="du -sh {root}/*",
        watched=False,
    ),
)
PERFORMANCE = (
    Metric(
        "day_duration",
        "seconds",
        "time in which at least one step of the day was under way",
        "high",
        watched=False,  # a day with a training takes longer; its steps are watched
        says="the day took {value}",
    ),
    Metric(
        "step_duration",
        "seconds",
        "wall time of a step",
        "high",
        "task",
        5,
        tolerance=SLOW,
        command=LOG,
        says="{label} took {value}",
    ),
    Metric(
        "step_cpu",
        "seconds",
        "processor time of a step with its children",
        "high",
        "task",
        5,
        tolerance=SLOW,
        command=LOG,
        says="{label} used {value} of processor time",
    ),
    Metric(
        "step_memory",
        "bytes",
        "largest resident memory of a process of the step",
        "high",
        "task",
        100e6,
        tolerance=SLOW,
        says="{label} used {value} of memory",
    ),
    Metric("step_read", "bytes", "read from disk by the step", "never", "task"),
    Metric("step_written", "bytes", "written to disk by the step", "never", "task"),
    Metric("step_rows", "rows", "rows that the step wrote", "never", "task"),
    Metric("spark_task_time", "seconds", "run time of the step's Spark tasks, added up", "never", "task"),
    Metric("spark_shuffle", "bytes", "written to shuffles by the step's Spark tasks", "never", "task"),
    Metric(
        "spark_spill",
        "bytes",
        "spilled to disk by the step's Spark tasks",
        "high",
        "task",
        100e6,
        tolerance=SLOW,
        says="{label} spilled {value} to disk",
    ),
)
MODEL = (
    Metric(
        "live_ndcg",
        "score",
        "live NDCG of the model's lists",
        "low",
        smallest=0.002,
        command="make trend ROOT={root}",
        says="live NDCG is {value}",
    ),
    Metric("live_ndcg_popularity", "score", "the same of popularity, for the same users", "never"),
    Metric(
        "live_users",
        "count",
        "users that live NDCG is measured on",
        "low",
        smallest=20,
        tolerance=0.4,
        says="live NDCG is measured on {value} users",
    ),
    Metric("holdout_ndcg", "score", "holdout NDCG of the day's challenger", "never"),
    Metric("holdout_ndcg_popularity", "score", "the same of popularity", "never"),
    Metric(
        "champion_age",
        "days",
        "days since the champion's promotion",
        "high",
        command="make models ROOT={root}",
        says="the champion is {value} old",
        watched=False,
    ),
    Metric(
        "unknown_play_share",
        "share",
        "plays of the day of tracks that the champion does not know",
        "high",
        smallest=0.02,
        tolerance=0.5,
        says="{value} of the plays are of tracks that the champion does not know",
    ),
    Metric(
        "popular_share",
        "share",
        "users whose list is popularity's",
        "high",
        smallest=0.02,
        says="{value} of the lists are popularity's",
    ),
    Metric(
        "coverage",
        "share",
        "share of the catalogue that stands in the lists",
        "low",
        smallest=0.005,
        says="{value} of the catalogue stands in the lists",
    ),
    Metric("users_served", "count", "users with a list", "either", smallest=5, says="{value} users have lists"),
)

METRICS: dict[str, Metric] = {metric.name: metric for metric in (*STABILITY, *DATA, *PERFORMANCE, *MODEL)}
GROUPS = {"stability": STABILITY, "data": DATA, "performance": PERFORMANCE, "model": MODEL}
