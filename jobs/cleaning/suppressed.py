"""Raw folders without the users on the suppression list: rows are taken out, and the manifest says how many and when.

The manifest is what counts: new files get new names, the manifest that names them replaces the old one at once, and
what it does not name is removed. Killed anywhere, the folder is whole, as it was or as it is to be.
"""

import contextlib
import dataclasses
import datetime
import fcntl
import gzip
import json
import os
import pathlib
import re
from collections.abc import Callable, Iterator
from typing import IO, Any

from conf.contract import Entity
from jobs.cleaning.judge import whole_number
from lake import files
from lake.layout import MANIFEST, growing_folder, raw_folder
from lake.storage import is_url
from lake.sums import Sum
from lake.suppression import FIELDS, Suppression, listed, load, units

LEVEL = 1  # of gzip, as the fetch writes
NUMBERED = re.compile(r"(part-\d+)(?:\.\d+)?\.jsonl\.gz")
Theirs = Callable[[bytes], bool]  # of a row as it stands there


def hold_against_list(root: str, entity: Entity, date: datetime.date) -> None:
    """Take the users on the list out of an entity's raw folder, unless that was done with the list as it stands.

    A fetch and ``make forget`` see to that; a folder from a backup has been through neither. So whoever cleans calls
    this before reading. A folder that is not there is left to the reader to refuse.

    Raises:
        BadSetting: the key is needed and missing.
    """
    folder = raw_folder(root, entity.name, date)
    if not files.exists(folder / MANIFEST) or is_held(root, entity, folder):
        return
    suppression = load(root)
    with only_one(folder):
        sweep(folder, suppression, lambda line: suppression.holds(entity, parsed(line)))


def is_held(root: str, entity: Entity, folder: pathlib.Path) -> bool:
    """Whether an entity's raw folder was held against the list as it stands; rows that name nobody need not be."""
    return entity.name not in FIELDS or applied(folder) == listed(root).digest


def applied(folder: pathlib.Path) -> str:
    """The list that a folder's rows were held against."""
    return str(json.loads(files.read(folder / MANIFEST)).get("suppressed", {}).get("list", ""))


@contextlib.contextmanager
def only_one(folder: pathlib.Path) -> Iterator[None]:
    """Hold an entity's folders alone, as a fetch does."""
    beside = growing_folder(folder)
    beside.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(beside, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def sweep(folder: pathlib.Path, suppression: Suppression, theirs: Theirs) -> int:
    """Take the rows that are ``theirs`` out of a folder; returns how many."""
    manifest = json.loads(files.read(folder / MANIFEST))
    kept, rows, plays = [], 0, 0
    for file in manifest["files"]:
        written = rewritten(folder, file, theirs)
        kept.append(written[0] if written else file)
        rows, plays = (rows + written[1], plays + written[2]) if written else (rows, plays)
    before = {"rows": 0, "units": 0, "at": [], **manifest.get("suppressed", {})}
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    said = {
        "list": suppression.digest,
        "rows": before["rows"] + rows,
        "units": before["units"] + plays,
        "at": [*before["at"], *([now] if rows else [])],
    }
    if rows or said != manifest.get("suppressed"):
        changed = {**manifest, "files": kept, "rows": manifest["rows"] - rows, "suppressed": said}
        text = json.dumps(changed, indent=1, ensure_ascii=True) + "\n"
        files.write(folder / MANIFEST, text.encode(), private=True)
    named = {MANIFEST, *(file["name"] for file in kept)}
    for file in folder.iterdir():
        if file.name not in named:
            file.unlink()
    return rows


def rewritten(folder: pathlib.Path, file: dict[str, Any], theirs: Theirs) -> tuple[dict[str, Any], int, int] | None:
    """A file's entry once its rows that are ``theirs`` are out, and their rows and units; None where it has none."""
    path = folder / file["name"]
    if not any(map(theirs, read(path))):
        return None
    name = next_name(file["name"])
    kept = rows = plays = 0
    with writing(folder / name) as raw, gzip.GzipFile("", "wb", LEVEL, raw, mtime=0) as packed:
        for line in read(path):
            if theirs(line):
                rows, plays = rows + 1, plays + units(parsed(line))
            else:
                packed.write(line + b"\n")
                kept += 1
    return {"name": name, "rows": kept, **dataclasses.asdict(Sum.of(folder / name))}, rows, plays


@contextlib.contextmanager
def writing(path: pathlib.Path) -> Iterator[IO[bytes]]:
    """A file of its owner's alone, synced at the end."""
    if is_url(path):
        with path.open("wb") as file:
            yield file
        return
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def next_name(name: str) -> str:
    """``part-00000.jsonl.gz``, ``part-00000.1.jsonl.gz``, ``part-00000.2.jsonl.gz`` and on."""
    found = NUMBERED.fullmatch(name)
    stem = found.group(1) if found else name.removesuffix(".jsonl.gz")
    number = int(name.split(".")[1]) + 1 if found and name.count(".") == 3 else 1
    return f"{stem}.{number}.jsonl.gz"


def read(path: pathlib.Path) -> Iterator[bytes]:
    with path.open("rb") as packed, gzip.open(packed) as lines:
        for line in lines:
            yield line.rstrip(b"\n")


def parsed(line: bytes | str) -> Any:
    """The row; None where it is no JSON, or nested too deep. No number is too long to be read."""
    try:
        return json.loads(line, parse_int=whole_number)
    except (ValueError, RecursionError):
        return None
