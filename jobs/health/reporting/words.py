"""Figures of health as people read them, by the units that conf/health.py declares."""

from conf.health import METRICS, Metric, Unit
from jobs.health.monitoring.units import shown

NAMES = {
    "steps_failed": "Failed attempts",
    "steps_killed": "Killed attempts",
    "step_restarts": "Restarts",
    "step_success_share": "Steps done",
    "day_complete": "Day complete",
    "days_missing": "Missing days",
    "mail_failures": "Mails not sent",
    "rows_fetched": "Rows fetched",
    "rows_clean": "Clean",
    "rows_unaccounted": "Unaccounted",
    "plays_of_day": "Plays of the day",
    "duplicate_share": "Duplicates",
    "quarantined_share": "In quarantine",
    "quarantined_rows": "Broken rule",
    "null_share": "Nulls",
    "fields_missing": "Missing fields",
    "fields_unknown": "Unknown fields",
    "torn_snapshots": "Torn snapshots",
    "api_retries": "API retries",
    "table_age": "Age of table",
    "disk_free": "Disk free",
    "day_duration": "Time of the day's run",
    "step_duration": "Time of",
    "step_cpu": "Processor time of",
    "step_memory": "Memory of",
    "step_read": "Read by",
    "step_written": "Written by",
    "step_rows": "Rows written by",
    "spark_task_time": "Spark time of",
    "spark_shuffle": "Shuffled by",
    "spark_spill": "Spilled by",
    "live_ndcg": "Live NDCG",
    "live_ndcg_popularity": "Popularity's live NDCG",
    "live_users": "Users measured",
    "holdout_ndcg": "Challenger's holdout NDCG",
    "holdout_ndcg_popularity": "Popularity's holdout NDCG",
    "champion_age": "Age of the champion",
    "unknown_play_share": "Plays of unknown tracks",
    "popular_share": "Users with popular lists",
    "coverage": "Catalogue in lists",
    "users_served": "Users with a list",
}
PREFIXES = {"T": 1e12, "G": 1e9, "M": 1e6, "k": 1e3, "": 1.0}


def title(metric: str, label: str = "") -> str:
    """``In quarantine: users``; a figure that has no name here goes by its own."""
    name = NAMES.get(metric, metric.replace("_", " "))
    if not label:
        return name
    return f"{name} {label}" if name.endswith((" of", " by")) else f"{name}: {label}"


def metric_of(name: str) -> Metric:
    """Its declaration; of one that is declared no more, a count that nobody watches."""
    return METRICS.get(name) or Metric(name, "count", name.replace("_", " "), "never")


def figure(value: float | None, unit: Unit) -> str:
    """A value with its unit, or a dash where there is none."""
    return "–" if value is None else shown(value, unit)


def tick(value: float, unit: Unit) -> str:
    """A round value at an axis, where there is room for six letters."""
    if unit == "share":
        return f"{100 * value:.3g} %"
    if unit == "seconds":
        return f"{value:.3g} s" if value < 600 else f"{value / 60:.3g} min"
    if unit == "score":
        return f"{value:.3g}"
    prefix, scaled = next(
        (prefix, value / size) for prefix, size in PREFIXES.items() if abs(value) >= size or size == 1
    )
    return f"{scaled:.3g} {prefix}B" if unit == "bytes" else f"{scaled:.3g}{' ' * bool(prefix)}{prefix}"


def change(value: float | None, usual: float | None, unit: Unit) -> str:
    """The value against the usual: ``+3 %``, ``as usual``; of shares the difference in points. Empty where one is missing."""
    if value is None or usual is None:
        return ""
    if unit == "share":
        points = 100 * (value - usual)
        return "as usual" if abs(points) < 0.05 else f"{points:+.1f} points"
    if unit in ("days", "count"):
        step = round(value - usual)
        return "as usual" if not step else f"{step:+,}"
    if not usual:
        return "as usual" if not value else ""
    ratio = 100 * (value / usual - 1)
    return "as usual" if abs(ratio) < 0.5 else f"{ratio:+,.0f} %"
