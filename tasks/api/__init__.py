"""The API client and the proof of completeness. A plain library: it knows neither Luigi nor Spark.

``client`` speaks HTTP with manners, over connections that ``wire`` bounds; ``body`` takes a page apart whose ``shape``
is safe; ``proof`` asks for pages and proves that they belong together; ``writer`` and ``folders`` put rows on disk, whole
or not at all; ``fetching`` is the whole way of one entity; ``volume`` and ``day`` hold snapshots against each other.
"""

from tasks.api.api_errors import (
    ApiError,
    BadAnswer,
    ContractDrift,
    DamagedSnapshot,
    NotWritten,
    TooSlow,
    Torn,
    TornDay,
    Unreachable,
    VolumeFell,
)
from tasks.api.day import check_day
from tasks.api.fetch_progress import FetchProgress
from tasks.api.fetching import fetch_snapshot
from tasks.api.manifest import Manifest, RawFile, is_fetched, read_manifest
from tasks.api.volume import check_volume, recent_manifests

__all__ = [
    "ApiError",
    "BadAnswer",
    "ContractDrift",
    "DamagedSnapshot",
    "FetchProgress",
    "Manifest",
    "NotWritten",
    "RawFile",
    "TooSlow",
    "Torn",
    "TornDay",
    "Unreachable",
    "VolumeFell",
    "check_day",
    "check_volume",
    "fetch_snapshot",
    "is_fetched",
    "read_manifest",
    "recent_manifests",
]
