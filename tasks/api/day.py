"""Whether the three entities of a day belong together.

A plain HTTP API does not say that it was restarted, and a header that names a server differs between
replicas that serve the same data. So its content is asked: pages of each entity are read once more when all
three are there, and their rows must still be rows of the snapshot, on whatever page. Single edits, deletions
and new rows pass, being normal between two fetches; data that were made anew do not.
"""

import datetime
import json
import os
import pathlib
from typing import Any

import numpy as np

from conf.contract import ENTITIES
from conf.settings import ApiSettings
from lake import files
from lake.layout import MANIFEST, raw_folder
from lake.storage import is_url
from lake.suppression import load
from tasks.api import folders
from tasks.api.again import ask_again
from tasks.api.api_errors import TornDay
from tasks.api.body import read_row
from tasks.api.ids import Ids
from tasks.api.manifest import Manifest, read_lines, read_manifest

Figures = dict[str, dict[str, Any]]
Manifests = dict[str, Manifest]
Root = str | os.PathLike
AGAIN = "run again to fetch all anew"


def check_day(root: Root, date: datetime.date, api: ApiSettings) -> Figures:
    """Figures on how well a day's snapshots fit each other; a day that was found good is not asked for again.

    By entity ``fetched_at`` and rows ``asked_again`` and ``changed``; by reference (``listen_history.items``)
    ``distinct`` ids and how many are ``unknown``.

    Raises:
        TornDay: more of them than ``[api] max_unknown_share`` or ``max_changed_share`` allow. The day's raw
            folders are set aside, so that the next run fetches all three anew.
        ApiError: the API could not be asked.
        DamagedSnapshot: a raw folder is missing or not what was fetched.
    """
    manifests = {name: read_manifest(raw_folder(root, name, date), checksums=True) for name in ENTITIES}
    figures: Figures = {name: {"fetched_at": manifest.fetched_at.isoformat()} for name, manifest in manifests.items()}
    verdict = raw_folder(root, "_day", date) / MANIFEST
    earlier: Figures = json.loads(verdict.read_text()) if verdict.is_file() else {}
    if earlier and all(earlier[name]["fetched_at"] == figures[name]["fetched_at"] for name in ENTITIES):
        return earlier
    try:
        _check_references(root, date, api, manifests, figures)
        _check_changes(root, date, api, manifests, figures)
    except TornDay:
        for name in ENTITIES:
            folders.set_aside(raw_folder(root, name, date))
        raise
    _write(verdict, figures)
    return figures


def _check_references(
    root: Root, date: datetime.date, api: ApiSettings, manifests: Manifests, figures: Figures
) -> None:
    fields = {name: [entity.key[0], *(field for field, _ in entity.references)] for name, entity in ENTITIES.items()}
    ids = {name: _ids(raw_folder(root, name, date), manifests[name], fields[name]) for name in ENTITIES}
    for name, entity in ENTITIES.items():
        for field, target in entity.references:
            distinct, held = ids[name][field], ids[target][ENTITIES[target].key[0]]
            unknown = int(np.isin(distinct, held, invert=True).sum())
            figures[f"{name}.{field}"] = {"distinct": len(distinct), "unknown": unknown}
            if unknown > api.max_unknown_share * len(distinct):
                raise TornDay(
                    f"{date}: of {len(distinct)} ids in {name}.{field} the day's {target} lack {unknown} "
                    f"({unknown / len(distinct):.0%}), allowed are {api.max_unknown_share:.0%} "
                    f"([api] max_unknown_share): they are of different states; {AGAIN}"
                )


def _ids(folder: pathlib.Path, manifest: Manifest, fields: list[str]) -> dict[str, np.ndarray]:
    """The distinct ids in each of the fields, sorted."""
    found = {field: Ids() for field in fields}
    for line in read_lines(folder, manifest):
        row = read_row(line)
        if isinstance(row, dict):
            for field, ids in found.items():
                value = row.get(field)
                ids.add(value if isinstance(value, list) else [value])
    return {field: ids.values() for field, ids in found.items()}


def _check_changes(root: Root, date: datetime.date, api: ApiSettings, manifests: Manifests, figures: Figures) -> None:
    suppression = load(root)
    for name, entity in ENTITIES.items():
        asked, changed = ask_again(entity, raw_folder(root, name, date), manifests[name], api, suppression)
        figures[name] |= {"asked_again": asked, "changed": changed}
        if changed > api.max_changed_share * asked:
            raise TornDay(
                f"{date}: of {asked} rows of {name} that were asked again {changed} are not those that were fetched, "
                f"allowed are {api.max_changed_share:.0%}: the API was restarted, or its data replaced, between the "
                f"entities; {AGAIN}"
            )


def _write(verdict: pathlib.Path, figures: Figures) -> None:
    with folders.explained(verdict.parent):
        if not is_url(verdict):
            verdict.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        files.write(verdict, (json.dumps(figures, indent=1) + "\n").encode(), private=True)
