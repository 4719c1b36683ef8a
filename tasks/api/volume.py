"""Whether an entity has about as many rows as it had lately."""

import datetime
import os
import statistics

from conf.settings import ApiSettings
from lake.layout import raw_folder
from tasks.api.api_errors import VolumeFell
from tasks.api.manifest import Manifest, is_fetched, parse_manifest

ACCEPT = "or give --accept-volume-change"


def check_volume(manifest: Manifest, recent: list[Manifest], api: ApiSettings, accept: bool = False) -> None:
    """Hold the rows against the median of recent days'; with ``accept`` any number will do.

    Raises:
        VolumeFell: there are none, or fewer than ``[api] max_volume_fall`` allows.
    """
    if accept:
        return
    if not manifest.rows:
        raise VolumeFell(f"{manifest.entity}: found 0 rows at {manifest.api}; see why the API is empty, {ACCEPT}")
    if not recent:
        return
    usual = statistics.median(earlier.rows for earlier in recent)
    least = usual * (1 - api.max_volume_fall)
    if manifest.rows < least:
        raise VolumeFell(
            f"{manifest.entity}: found {manifest.rows} rows, required are {least:.0f} since the last {len(recent)} "
            f"snapshots had {usual:.0f}; see what the API lost, {ACCEPT}"
        )


def recent_manifests(root: str | os.PathLike, entity: str, date: datetime.date, days: int = 7) -> list[Manifest]:
    """The newest snapshots of an entity from before a date, at most so many, newest first."""
    folder = raw_folder(root, entity, date)
    earlier = sorted((path for path in folder.parent.glob("date=*") if path.name < folder.name), reverse=True)
    return [parse_manifest(path) for path in earlier if is_fetched(path)][:days]
