"""What is said of each figure of the system's health."""

import dataclasses
from typing import Literal

Unit = Literal["share", "seconds", "days", "rows", "count", "bytes", "score"]
Bad = Literal["high", "low", "either", "never"]
Place = Literal["tile", "panel", "mail"]  # at the top of a report, among its group's charts, in a mail


@dataclasses.dataclass(frozen=True)
class Metric:
    """``bad`` says in which direction a departure from the usual is worth attention."""

    name: str
    title: str
    unit: Unit
    help: str
    bad: Bad
    label: str = ""  # what its values are told apart by; empty where there is one a day
    smallest: float = 0.0  # departures smaller than this, in the metric's own unit, are never worth a word
    command: str = ""  # what helps, where an operator has to act; {date}, {label} and {root} are filled in
    says: str = ""  # the headline of a finding: {value}, {label} and {times} are filled in; without ": "
    tolerance: float = 0.25  # nor are those smaller than this share of the usual value
    watched: bool = True  # whether it is held against its own history; some have a limit and no more
    rank: int = 0  # of importance where figures are shown, from 1; 0 shows it where it is flagged alone
    places: tuple[Place, ...] = ()  # where it is shown
    tile_label: str = ""  # the label that its tile is of
    exported_as: str = ""  # its name in Prometheus, where that is not its own
    happened: str = ""  # of an age: what happened then


LOG = "grep {label} {root}/logs/{date}/day.*"
RAW = "zcat {root}/raw/{label}/date={date}/part-*.jsonl.gz | less"
QUARANTINE = "make sql Q=\"SELECT reasons, row FROM quarantine WHERE date = '{date}' AND entity = '{label}'\""
SLOW = 0.75  # the same step on the same machine takes half as long again for no reason
