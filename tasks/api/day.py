"""Whether the three entities of a day belong together.

A plain HTTP API does not say that it was restarted, and a header that names a server differs between
replicas that serve the same data. So its content is asked: pages of each entity are read once more when all
three are there, and their rows must still be rows of the snapshot, on whatever page. Single edits, deletions
and new rows pass, being normal between two fetches; data that were made anew do not.
"""

import datetime
import gzip
import hashlib
import json
import math
import os
import pathlib
import random
from collections.abc import Iterator
from typing import Any

import numpy as np

from conf.contract import ENTITIES, Entity
from conf.layout import MANIFEST, raw_folder
from conf.settings import Api
from tasks.api import folders
from tasks.api.body import read_page, read_row, rows_on_page
from tasks.api.client import Client
from tasks.api.deadline import Deadline
from tasks.api.errors import ApiError, TornDay
from tasks.api.ids import Ids
from tasks.api.manifest import Manifest, read_manifest
from tasks.api.pipeline import in_order
from tasks.api.writer import write_text

Figures = dict[str, dict[str, Any]]
Root = str | os.PathLike


def check_day(root: Root, date: datetime.date, api: Api) -> Figures:
    """Figures on how well a day's snapshots fit each other; a day that was found good is not asked for again.

    By entity ``asked_again`` and ``changed`` rows and ``fetched_at``; by reference (``listen_history.items``)
    ``distinct`` ids and how many are ``unknown``.

    Raises:
        TornDay: more of them than ``[api] max_unknown_share`` or ``max_changed_share`` allow. The day's raw
            folders are set aside, so that the next run fetches all three anew.
        ApiError: the API could not be asked.
        DamagedSnapshot: a raw folder is missing or not what was fetched.
    """
    manifests = {name: read_manifest(raw_folder(root, name, date), checksums=True) for name in ENTITIES}
    verdict = raw_folder(root, "_day", date) / MANIFEST
    figures: Figures = {name: {"fetched_at": manifest.fetched_at.isoformat()} for name, manifest in manifests.items()}
    if (earlier := _earlier(verdict)) and all(
        earlier[name]["fetched_at"] == figures[name]["fetched_at"] for name in figures
    ):
        return earlier
    try:
        _compare(root, date, api, manifests, figures)
    except TornDay:
        for name in ENTITIES:
            folders.set_aside(raw_folder(root, name, date))
        raise
    with folders.explained(verdict.parent):
        verdict.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_text(verdict.with_suffix(".new"), json.dumps(figures, indent=1))
        verdict.with_suffix(".new").rename(verdict)
    return figures


def _earlier(verdict: pathlib.Path) -> Figures | None:
    return json.loads(verdict.read_text()) if verdict.is_file() else None


def _compare(root: Root, date: datetime.date, api: Api, manifests: dict[str, Manifest], figures: Figures) -> None:
    held: dict[str, Ids] = {name: Ids() for name in ENTITIES}
    named = {(name, field): Ids() for name, entity in ENTITIES.items() for field, _ in entity.references}
    for name, entity in ENTITIES.items():
        asked = _ask_again(entity, manifests[name], api)
        kept = 0
        for line in _lines(raw_folder(root, name, date), manifests[name]):
            kept += asked.pop(_digest(line), 0)
            row = read_row(line.decode())
            if isinstance(row, dict):
                held[name].add(_listed(row.get(entity.key[0])))
                for field, _ in entity.references:
                    named[name, field].add(_listed(row.get(field)))
        figures[name] |= {"asked_again": kept + sum(asked.values()), "changed": sum(asked.values())}
        _refuse_changed(date, name, figures[name], api.max_changed_share)
    for name, entity in ENTITIES.items():
        for field, target in entity.references:
            distinct = named[name, field].values()
            unknown = int(np.isin(distinct, held[target].values(), invert=True).sum())
            figures[f"{name}.{field}"] = {"distinct": len(distinct), "unknown": unknown}
            _refuse_unknown(date, f"{name}.{field}", target, figures[f"{name}.{field}"], api.max_unknown_share)


def _ask_again(entity: Entity, manifest: Manifest, api: Api) -> dict[bytes, int]:
    """Digests of the rows that the API has on the first page, the last and some between, and how often each came.

    Only places that the snapshot holds are looked at; a place with nothing on it any more counts as b"".
    """
    size = manifest.page_size
    pages = math.ceil(manifest.rows / size)
    chosen = random.sample(range(1, pages + 1), min(pages, api.verify_pages))
    numbers = sorted({1, pages, *chosen}) if pages else []
    asked: dict[bytes, int] = {}
    try:
        with Client(api, Deadline(api.deadline)) as client:

            def ask(number: int) -> Any:
                query = {"page": number, "size": size}
                return client.get(entity.path, query, lambda body: read_page(body, number, size))

            for page in in_order(ask, numbers, api.concurrency):
                expected = rows_on_page(page.number, size, manifest.rows)
                digests = [_digest(line.encode()) for line in page.lines[:expected]]
                for digest in digests + [b""] * (expected - len(digests)):
                    asked[digest] = asked.get(digest, 0) + 1
    except ApiError as error:
        raise type(error)(f"{entity.name}: {error}") from None
    return asked


def _digest(line: bytes) -> bytes:
    return hashlib.blake2b(line, digest_size=16).digest()


def _lines(folder: pathlib.Path, manifest: Manifest) -> Iterator[bytes]:
    for file in manifest.files:
        with gzip.open(folder / file.name) as lines:
            for line in lines:
                yield line.rstrip(b"\n")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _refuse_changed(date: datetime.date, name: str, figures: dict[str, Any], limit: float) -> None:
    asked, changed = figures["asked_again"], figures["changed"]
    if changed > limit * asked:
        raise TornDay(
            f"{date}: of {asked} rows of {name} that were asked again {changed} are not those that were fetched, allowed "
            f"are {limit:.0%}: the API was restarted, or its data replaced, between the entities; run again to fetch all anew"
        )


def _refuse_unknown(date: datetime.date, name: str, target: str, figures: dict[str, Any], limit: float) -> None:
    distinct, unknown = figures["distinct"], figures["unknown"]
    if unknown > limit * distinct:
        raise TornDay(
            f"{date}: of {distinct} ids in {name} the day's {target} lack {unknown} ({unknown / distinct:.0%}), allowed "
            f"are {limit:.0%} ([api] max_unknown_share): they are of different states; run again to fetch all anew"
        )
