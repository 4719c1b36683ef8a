"""Whether an entity has about as many rows as it had lately."""

import datetime
import itertools
import os
import pathlib
import statistics
from collections.abc import Sequence

from conf.settings import ApiSettings
from lake.layout import raw_folder
from tasks.api.api_errors import DamagedSnapshot, VolumeFell
from tasks.api.manifest import Manifest, is_fetched, parse_manifest

ACCEPT = "or give --accept-volume-change"


def check_volume(manifest: Manifest, recent: list[Manifest], api: ApiSettings, accept: bool = False) -> None:
    """Hold the rows against the median of recent days'; with ``accept`` any number will do.

    Once people have accepted a fall, what they accepted is the usual: the next day is not refused for it again.

    Args:
        recent: of snapshots that were taken, newest first.

    Raises:
        VolumeFell: there are none, or fewer than ``[api] max_volume_fall`` allows.
    """
    recent = since_accepted(recent, api)
    if accept or (recent and not any(earlier.rows for earlier in recent)):
        return
    if not manifest.rows:
        raise VolumeFell(f"{manifest.entity}: found 0 rows at {manifest.api}; see why the API is empty, {ACCEPT}")
    if not recent:
        return
    usual = statistics.median(earlier.rows for earlier in recent)
    least = required(recent, api)
    if manifest.rows < least:
        raise VolumeFell(
            f"{manifest.entity}: found {manifest.rows} rows, required are {least:.0f} since the last {len(recent)} "
            f"snapshots had {usual:.0f}; see what the API lost, {ACCEPT}"
        )


def required(recent: Sequence[Manifest], api: ApiSettings) -> float:
    """Fewer rows than these are a fall."""
    return statistics.median(earlier.rows for earlier in recent) * (1 - api.max_volume_fall)


def since_accepted(recent: Sequence[Manifest], api: ApiSettings) -> list[Manifest]:
    """Those from the last accepted fall on, newest first: a snapshot that is there although it fell was accepted."""
    kept: list[Manifest] = []
    for manifest in reversed(recent):
        if kept and (not manifest.rows or manifest.rows < required(kept, api)):
            kept = []
        kept.insert(0, manifest)
    return kept


def recent_manifests(root: str | os.PathLike, entity: str, date: datetime.date, days: int = 7) -> list[Manifest]:
    """The newest snapshots of an entity from before a date, at most so many, newest first.

    One that cannot be read is left out: it is its own day's fault, and must not cost a later day its fetch.
    """
    folder = raw_folder(root, entity, date)
    earlier = sorted((path for path in folder.parent.glob("date=*") if path.name < folder.name), reverse=True)
    return list(itertools.islice((found for path in earlier if (found := _readable(path))), days))


def _readable(folder: pathlib.Path) -> Manifest | None:
    try:
        return parse_manifest(folder) if is_fetched(folder) else None
    except DamagedSnapshot:
        return None
