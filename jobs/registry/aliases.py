"""The registry's aliases, ``champion`` and ``previous``, name what ``decisions`` does."""

from collections.abc import Mapping
from typing import Any

from jobs.model import registry_access
from jobs.registry import versions
from lake.access import Lake
from lake.champion import named


def follow(uri: str, lake: Lake, row: Mapping[str, Any] | None = None) -> None:
    """Let the registry's aliases name what ``decisions`` does, with ``row`` that is about to be written there."""
    rows = lake.rows("decisions")
    if row:
        rows = [other for other in rows if (other["date"], other["step"]) != (row["date"], row["step"])] + [dict(row)]
    if registry_access.begun(uri):
        versions.point(uri, named(rows))


def followed(uri: str, lake: Lake, row: Mapping[str, Any] | None = None) -> str:
    """As :func:`follow`; where the registry fails, why: the table alone is obeyed, so the work goes on."""
    try:
        follow(uri, lake, row)
    except registry_access.RegistryFailed as failure:
        return failure.message
    return ""
