"""The tables of what runs did and how the days were: :mod:`conf.tables` has them among all."""

from conf.table import Column, Table

RUNS = Table(
    "runs",
    "one row per task attempt",
    ("date", "task", "attempt", "started_at"),
    (
        Column("date", "date"),
        Column("task", "string"),
        Column("status", "string", "done, failed or killed"),
        Column("attempt", "int", "from 1, within a run of the command"),
        Column("started_at", "timestamp"),
        Column("seconds", "double"),
        Column("cpu_seconds", "double", "of the step's processes and their children; not of a Spark Connect server"),
        Column("max_rss_mb", "double", "largest resident memory of one of these processes, in MiB"),
        Column("read_mb", "double", "what these processes read from disk, in MiB; not what the page cache held"),
        Column("written_mb", "double", "what these processes wrote to disk, in MiB"),
        Column("rows_in", "bigint"),
        Column("rows_out", "bigint"),
        Column("host", "string"),
        Column("error", "string"),
        Column("spark_task_seconds", "double", "run time of its Spark tasks, added up; on a Connect server too"),
        Column("shuffle_mb", "double", "what its Spark tasks wrote to shuffles, in MiB"),
        Column("spill_mb", "double", "what its Spark tasks spilled to disk, in MiB"),
        Column("retries", "bigint", "requests to the API that were asked again after a passing fault"),
        Column("torn", "bigint", "times the snapshot was fetched anew because its pages did not agree"),
    ),
)

MAINTENANCE = Table(
    "maintenance",
    "one row per date: what housekeeping did",
    ("date",),
    (
        Column("date", "date"),
        Column("raw_folders", "bigint", "raw folders past their retention, removed"),
        Column("list_days", "bigint", "dates whose lists were past their retention, removed"),
        Column("files_compacted", "bigint", "small files made into larger ones"),
        Column("files_removed", "bigint", "files that no kept version of a table reads, removed"),
    ),
)

HEALTH = Table(
    "health",
    "one row per date, metric and label: the figures that conf/figures declares",
    ("date", "metric", "label"),
    (
        Column("date", "date"),
        Column("metric", "string"),
        Column("label", "string", "task, entity, table, field or rule; empty where the metric has none"),
        Column("value", "double", "in the unit that conf/figures declares; bytes, seconds, shares from 0 to 1"),
    ),
)

FINDINGS = Table(
    "findings",
    "one row per date, metric and label that needs attention",
    ("date", "metric", "label"),
    (
        Column("date", "date"),
        Column("metric", "string"),
        Column("label", "string"),
        Column("severity", "string", "critical: listeners get wrong, old or no lists; warning: look at it today"),
        Column("text", "string", "what was found beside what is usual or allowed, in one sentence"),
        Column("command", "string", "what helps; may be empty"),
    ),
)
