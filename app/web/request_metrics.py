"""Counts and durations of requests by route and status, and the day that is served, for Prometheus."""

import datetime
import os

from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest, multiprocess

from conf import sql_text

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5)


class RequestMetrics:
    """With several workers PROMETHEUS_MULTIPROC_DIR names a folder, and each worker answers for all of them."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Histogram(
            "moovitamix_app_request_seconds",
            "requests and how long they took, by route template and status",
            ["route", "status"],
            buckets=SECONDS,
            registry=self._registry,
        )
        self._date = Gauge(
            "moovitamix_app_served_date_seconds",
            "the day that is served, as its midnight (UTC); 0 where there is none",
            registry=self._registry,
            multiprocess_mode="min",
        )
        self._stale = Gauge(
            "moovitamix_app_stale",
            "1 where a newer day is due than the one served",
            registry=self._registry,
            multiprocess_mode="max",
        )
        self._children: dict[tuple[str, int], Histogram] = {}

    def observe(self, route: str, status: int, seconds: float) -> None:
        child = self._children.get((route, status))
        if child is None:
            child = self._children[route, status] = self._requests.labels(route, str(status))
        child.observe(seconds)

    def serve(self, date: datetime.date | None, stale: bool) -> None:
        midnight = sql_text.midnight(date).timestamp() if date else 0
        self._date.set(midnight)
        self._stale.set(stale)

    def text(self) -> bytes:
        registry = self._registry
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)
        return generate_latest(registry)
