"""Figures as Prometheus' metric families. Pure: figures and settings in, families out."""

import importlib.metadata
import platform
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping

from prometheus_client.core import GaugeMetricFamily

from conf.figures import GROUPS, METRICS
from conf.figures.metric import Metric
from conf.settings import Settings
from conf.tables import SCHEMA
from jobs.health.exporting.naming import DAY, PREFIX, exported, help_text, name, timestamp
from jobs.health.exporting.recorded_figures import RECENT, USUAL, ExportedFigures
from jobs.health.monitoring.series import Key

SEVERITIES = ("critical", "warning")
AT_SCRAPE = {"disk_free"}  # measured when asked, see collector: a full disk stops the recording too

# What rules compare with, so that a limit is set once, in luigi.cfg: name, help, value.
LIMITS: tuple[tuple[str, str, Callable[[Settings], float]], ...] = (
    ("champion_max_age_seconds", "[retrain] max_age_days.", lambda s: s.retrain.max_age_days * DAY),
    ("live_min_lift_ratio", "[retrain] min_lift, live NDCG beside popularity's.", lambda s: s.retrain.min_lift),
    ("live_min_users", "[evaluate] min_users, fewer decide nothing.", lambda s: s.evaluate.min_users),
    ("quarantined_max_ratio", "[health] max_quarantined_share.", lambda s: s.health.max_quarantined_share),
    ("lake_disk_min_free_ratio", "[health] min_disk_free.", lambda s: s.health.min_disk_free),
)


def families(figures: ExportedFigures, settings: Settings) -> Iterator[GaugeMetricFamily]:
    """All that was recorded: a family of each metric, of what is usual, of findings, dates and limits."""
    yield gauge("lake_schema_version", "Version of the lake's table schemas.", figures.schema)
    yield from (gauge(name, text, value(settings)) for name, text, value in LIMITS)
    yield gauge("exporter_series_left_out", "Series left out since a metric had too many labels.", figures.left_out)
    yield from _dates(figures)
    yield _findings(figures.findings)
    for metric in METRICS.values():
        if metric.name not in AT_SCRAPE:
            values = {key: exported(metric, *value) for key, value in figures.values.items() if key[0] == metric.name}
            yield _family(metric, "", help_text(metric), values)
    for names, variant, text, found in (
        (USUAL, "usual", "Median of the last days before: ", figures.usual),
        (RECENT, "recent", "Mean over [evaluate] window_days: ", figures.recent),
    ):
        for metric in map(METRICS.__getitem__, names):
            values = {key: value for key, value in found.items() if key[0] == metric.name}
            yield _family(metric, variant, f"{text}{metric.help}.", values)


def build_info() -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        f"{PREFIX}build_info", "The exporter's own version.", labels=["version", "schema", "python"]
    )
    family.add_metric([_version(), str(SCHEMA), platform.python_version()], 1)
    return family


def gauge(name: str, text: str, value: float | None) -> GaugeMetricFamily:
    """One value; None is a family without a sample."""
    family = GaugeMetricFamily(PREFIX + name, text)
    if value is not None:
        family.add_metric([], value)
    return family


def _family(metric: Metric, variant: str, text: str, values: Mapping[Key, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name(metric, variant), text, labels=[metric.label] if metric.label else [])
    for (_, label), value in sorted(values.items()):
        family.add_metric([label] if metric.label else [], value)
    return family


def _dates(figures: ExportedFigures) -> Iterator[GaugeMetricFamily]:
    for stem, text, date in (
        ("run_date", "Newest date of which figures are recorded, its first second.", figures.date),
        ("last_complete_date", "Newest date with every step done, its first second.", figures.complete),
    ):
        yield gauge(f"{stem}_timestamp_seconds", text, timestamp(date) if date else None)


def _findings(found: Mapping[Key, int]) -> GaugeMetricFamily:
    """Findings of the newest date; 0 stands for every metric and severity without one."""
    text = "Findings of the newest date, by the metric that they are about."
    family = GaugeMetricFamily(f"{PREFIX}findings", text, labels=["group", "metric", "severity"])
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for (metric, severity), count in found.items():
        if severity in SEVERITIES:
            counts[metric if metric in METRICS else "other"][severity] += count
    groups = {metric.name: group for group, metrics in GROUPS.items() for metric in metrics} | {"other": "other"}
    for metric, group in groups.items():
        for severity in SEVERITIES:
            family.add_metric([group, metric, severity], counts[metric][severity])
    return family


def _version() -> str:
    try:
        return importlib.metadata.version("moovitamix-recommender")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"
