"""Which model is in production on a date, as ``decisions`` has it, and its factors, as the lake has them."""

import dataclasses
import datetime
import pathlib
from collections.abc import Iterable, Mapping
from typing import Any

from conf.errors import Refused
from jobs.model.factors import FactorModel
from jobs.model.registry_access import BROKEN
from jobs.registry import versions as registry
from lake.layout import model_folder
from lake.tables import Lake


@dataclasses.dataclass(frozen=True)
class Champion:
    version: str
    since: datetime.date
    folder: pathlib.Path
    reason: str  # of the promotion or rollback

    def load(self, uri: str = "") -> FactorModel:
        """The model, from the lake's copy; where that is not whole it is made again from the registry at ``uri``.

        Raises:
            Refused: there is no whole copy.
        """
        return load(self.folder, self.version, uri)


def load(folder: pathlib.Path, version: str, uri: str = "") -> FactorModel:
    """As :meth:`Champion.load`."""
    try:
        return FactorModel.load(folder)
    except BROKEN as error:
        if not uri:
            raise Refused(
                f"model {version}: the lake's copy {folder} is not whole ({error}); "
                "python -m jobs models --repair fetches it from the registry"
            ) from error
    try:
        model = registry.fetch(uri, version)
    except Refused as refusal:
        raise Refused(
            f"model {version}: the lake's copy {folder} is not whole, and cannot be fetched again: {refusal.message}"
        ) from refusal
    model.save(folder)
    return model


def champion(lake: Lake, before: datetime.date) -> Champion | None:
    """The newest promotion or rollback dated before ``before``; None where there has been none."""
    return _newest(lake, moves(lake.rows("decisions", [("date", "<", before)])))


def incumbent(lake: Lake, date: datetime.date) -> Champion | None:
    """Whom the run of ``date`` finds in production: a rollback of that date itself is what a person did before it."""
    known = [row for row in lake.rows("decisions", [("date", "<=", date)]) if found_by_run(row, date)]
    return _newest(lake, moves(known))


def found_by_run(row: Mapping[str, Any], date: datetime.date) -> bool:
    """Whether the run of ``date`` finds a row of ``decisions`` made: of dates before, and rollbacks of its own."""
    return row["date"] < date or row["decision"] == "rollback"


def _newest(lake: Lake, made: list[Mapping[str, Any]]) -> Champion | None:
    if not made:
        return None
    newest = made[-1]
    return Champion(
        newest["model_version"], newest["date"], model_folder(lake.root, newest["model_version"]), newest["reason"]
    )


def moves(decisions: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The promotions and rollbacks among rows of ``decisions``, in their order."""
    made = [row for row in decisions if row["decision"] in ("promote", "rollback")]
    # On one date a rollback is what a person did after the run.
    return sorted(made, key=lambda row: (row["date"], row["decision"] == "rollback"))


def line(decisions: Iterable[Mapping[str, Any]]) -> list[str]:
    """The versions in production one after another: the last is the champion, the one before it the previous.

    A promotion adds its version. A rollback takes off all that came after the version it names, so that
    rolling back twice goes back twice; a version that is not in the line is added.
    """
    versions: list[str] = []
    for move in moves(decisions):
        version = move["model_version"]
        kept = versions.index(version) if version in versions else len(versions)
        versions = [*versions[:kept], version]
    return versions


def named(decisions: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The version that each alias should name; empty for none."""
    versions = ["", "", *line(decisions)]
    return {"champion": versions[-1], "previous": versions[-2]}


def follow(uri: str, lake: Lake, row: Mapping[str, Any] | None = None) -> None:
    """Let the registry's aliases name what ``decisions`` does, with ``row`` that is about to be written there."""
    rows = lake.rows("decisions")
    if row:
        rows = [other for other in rows if (other["date"], other["step"]) != (row["date"], row["step"])] + [dict(row)]
    if registry.begun(uri):
        registry.point(uri, named(rows))
