"""What needs attention: one figure that is not as it is allowed or usual to be."""

import dataclasses
import datetime
from collections.abc import Iterable
from typing import Literal

from conf.figures import METRICS
from lake.access import Lake

Severity = Literal["critical", "warning"]  # listeners get wrong, old or no lists; look at it today


@dataclasses.dataclass(frozen=True)
class Finding:
    """``text`` is ``headline: why``; ``command`` is what helps, and may be empty."""

    metric: str
    label: str
    severity: Severity
    text: str
    command: str = ""

    @property
    def headline(self) -> str:
        """What is the matter, in a few words."""
        return self.text.partition(": ")[0]


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Most pressing first: the critical ones, then in the order of conf/figures."""
    places = {name: place for place, name in enumerate(METRICS)}
    return sorted(findings, key=lambda it: (it.severity != "critical", places.get(it.metric, len(places)), it.label))


def read(lake: Lake, date: datetime.date) -> list[Finding]:
    """The findings recorded for a date, most pressing first."""
    names = [field.name for field in dataclasses.fields(Finding)]
    return in_order(Finding(**row) for row in lake.rows("findings", [("date", "=", date)], names))
