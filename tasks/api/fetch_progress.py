"""How far a fetch is."""

import dataclasses
import datetime


@dataclasses.dataclass(frozen=True)
class FetchProgress:
    """Pages and rows that are on disk, and the seconds since the fetch began."""

    pages_done: int
    pages_known: int
    rows: int
    seconds: float

    @property
    def rate(self) -> float:
        """Rows per second."""
        return self.rows / self.seconds if self.seconds else 0.0

    @property
    def seconds_left(self) -> float:
        """At the pace so far; 0 before the first page."""
        return self.seconds * (self.pages_known - self.pages_done) / self.pages_done if self.pages_done else 0.0

    def __str__(self) -> str:
        left = datetime.timedelta(seconds=round(self.seconds_left))
        return f"{self.pages_done:,} of {self.pages_known:,} pages, {self.rows:,} rows, {self.rate:,.0f} rows/s, {left} left"


def silent(progress: FetchProgress) -> None:
    """Tells nobody."""
