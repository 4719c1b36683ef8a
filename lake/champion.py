"""Which model is in production on a date: the newest promotion or rollback that ``decisions`` has."""

import dataclasses
import datetime
import pathlib
from collections.abc import Iterable, Mapping
from typing import Any

from conf.decisions import moment
from lake.access import Lake
from lake.layout import model_folder


@dataclasses.dataclass(frozen=True)
class Champion:
    """``folder`` is the lake's copy of the model; ``reason`` is of the promotion or rollback."""

    version: str
    since: datetime.date
    folder: pathlib.Path
    reason: str


def champion_before(lake: Lake, date: datetime.date) -> Champion | None:
    """The newest promotion or rollback dated before ``date``; None where there has been none."""
    return _newest(lake, moves(lake.rows("decisions", [("date", "<", date)])))


def champion_found(lake: Lake, date: datetime.date) -> Champion | None:
    """The champion that the run of ``date`` finds: a rollback of that date itself was made by an operator before the run."""
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
    return sorted(made, key=moment)


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
