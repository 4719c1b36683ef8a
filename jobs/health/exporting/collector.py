"""Answers a scrape from the lake, whatever its state.

Nothing is kept but a cache: while the tables are at the versions that were read, a scrape reads two of Delta's logs and
no row.
"""

import contextlib
import logging
import shutil
import threading
import time
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from conf.errors import Refused
from conf.settings import Settings
from jobs.health.exporting.families import build_info, families, gauge
from jobs.health.exporting.naming import PREFIX
from jobs.health.exporting.recorded_figures import ExportedFigures, read
from lake.access import Lake

log = logging.getLogger("jobs.health.exporter")


class LakeCollector(Collector):
    """Metrics of the lake of ``settings``; ``moovitamix_up`` says whether it could be read."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()  # scrapes come in threads
        self._versions: tuple[str, ...] = ()
        self._figures: ExportedFigures | None = None
        self._errors = 0
        self._said = ""

    def describe(self) -> list[Metric]:
        """None, so that making a registry does not scrape."""
        return []

    def collect(self) -> Iterator[Metric]:
        began = time.perf_counter()
        with self._lock:
            figures, errors = self._current(), self._errors
        yield gauge("up", "Whether the lake could be read.", float(figures is not None))
        yield build_info()
        if figures is not None:
            yield from families(figures, self._settings)
        yield from self._disk()
        yield CounterMetricFamily(
            f"{PREFIX}exporter_errors", "Scrapes at which the lake could not be read.", value=errors
        )
        yield gauge("exporter_scrape_seconds", "Time that this answer took.", time.perf_counter() - began)

    def _current(self) -> ExportedFigures | None:
        """The lake's figures; None, with the reason in the log, where it cannot be read."""
        try:
            lake = Lake(self._settings.lake.root)  # refuses a schema that is not ours
            versions = tuple(lake.version(table) for table in ("health", "findings"))
            if not versions[0]:
                raise Refused(f"{lake.root}: there is no lake, or none whose health was recorded; run a day first")
            if versions != self._versions or self._figures is None:
                self._figures = read(lake, self._settings.evaluate.window_days)
                self._versions = versions
            self._said = ""
        except Exception as error:  # whatever is wrong with the lake, the scrape is to be answered
            self._errors += 1
            self._figures = None
            self._say(f"{type(error).__name__}: {error}".strip().splitlines()[0])
            return None
        return self._figures

    def _say(self, reason: str) -> None:
        """Log a reason once, not at every scrape."""
        if reason != self._said:
            log.error("the lake cannot be read: %s", reason)
            self._said = reason

    def _disk(self) -> Iterator[GaugeMetricFamily]:
        with contextlib.suppress(OSError):  # no such folder: moovitamix_up says so
            usage = shutil.disk_usage(self._settings.lake.root)
            yield gauge("lake_disk_size_bytes", "Size of the lake's disk.", usage.total)
            yield gauge("lake_disk_free_bytes", "Free space of the lake's disk, to this user.", usage.free)
