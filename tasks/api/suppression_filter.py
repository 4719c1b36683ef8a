"""Rows of users who asked to be forgotten: they are proven with the others, and not written."""

import datetime
from typing import Any

from conf.contract import Entity
from lake.suppression import Suppression, units
from tasks.api.body import FetchedPage


class SuppressionFilter:
    """Lets rows through to the disk, and counts those that it does not."""

    def __init__(self, entity: Entity, suppression: Suppression) -> None:
        self._entity, self._suppression = entity, suppression
        self.rows = self.units = 0

    def lines(self, page: FetchedPage) -> list[bytes]:
        """The page's rows as served, without those of users on the list."""
        if not self._suppression.users:
            return page.lines
        left_out = [self._suppression.holds(self._entity, row) for row in page.rows]
        self.rows += sum(left_out)
        self.units += sum(units(row) for row, out in zip(page.rows, left_out, strict=True) if out)
        return [line for line, out in zip(page.lines, left_out, strict=True) if not out]

    def figures(self, at: datetime.datetime) -> dict[str, Any]:
        """``suppressed`` of the manifest."""
        if not self._suppression.users:
            return {}
        times = [at.isoformat(timespec="seconds")] if self.rows else []
        return {"list": self._suppression.digest, "rows": self.rows, "units": self.units, "at": times}
