"""Which model is in production on a date, as ``decisions`` has it, and its factors, as the lake has them."""

import dataclasses
import datetime
import pathlib

from conf.layout import model_folder
from jobs.factors import FactorModel
from jobs.lake import Lake


@dataclasses.dataclass(frozen=True)
class Champion:
    version: str
    since: datetime.date
    folder: pathlib.Path
    reason: str  # of the promotion or rollback

    def load(self) -> FactorModel:
        return FactorModel.load(self.folder)


def champion(lake: Lake, before: datetime.date) -> Champion | None:
    """The newest promotion or rollback dated before ``before``; None where there has been none."""
    rows = lake.rows("decisions", [("date", "<", before)])
    moves = [row for row in rows if row["decision"] in ("promote", "rollback")]
    if not moves:
        return None
    # On one date a rollback is what a person did after the run.
    newest = max(moves, key=lambda row: (row["date"], row["decision"] == "rollback"))
    return Champion(
        newest["model_version"], newest["date"], model_folder(lake.root, newest["model_version"]), newest["reason"]
    )
