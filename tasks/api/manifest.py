"""What a raw folder says of itself."""

import dataclasses
import datetime
import gzip
import json
import pathlib
from collections.abc import Iterator
from typing import Any

from lake import files, sums
from lake.layout import MANIFEST
from tasks.api.api_errors import DamagedSnapshot


@dataclasses.dataclass(frozen=True)
class RawFile:
    """One file of gzipped JSON lines; ``sha256`` is of the file as it lies there."""

    name: str
    rows: int
    bytes: int
    sha256: str


@dataclasses.dataclass(frozen=True)
class Manifest:
    """A snapshot of one entity.

    ``started_at`` and ``fetched_at`` (UTC) stand before the first and after the last request. ``rows`` and those that
    ``suppressed`` counts make ``total``. ``fields`` counts rows by field and JSON type; ``repeated`` counts those whose
    key another has too: both of all rows fetched. ``retries`` counts tries that failed in passing, ``attempts`` how often
    the entity was begun. ``suppressed`` is empty until there is a list of users to forget; then it says which ``list``
    the rows were held against, how many ``rows`` and ``units`` (of listens: plays) are not in the files, and ``at``
    which times they were left out.
    """

    entity: str
    date: datetime.date
    started_at: datetime.datetime
    fetched_at: datetime.datetime
    api: str
    total: int
    rows: int
    pages: int
    page_size: int
    files: tuple[RawFile, ...]
    fields: dict[str, dict[str, int]]
    new_fields: tuple[str, ...]
    repeated: int
    retries: int
    attempts: int
    seconds: float
    suppressed: dict[str, Any] = dataclasses.field(default_factory=dict)

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), default=_text, indent=1, ensure_ascii=True) + "\n"


def _text(value: Any) -> str:
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return value.isoformat()


def is_fetched(folder: pathlib.Path) -> bool:
    """Whether a whole snapshot lies there; what it holds is not looked at."""
    return files.exists(folder / MANIFEST)


def read_manifest(folder: pathlib.Path, checksums: bool = False) -> Manifest:
    """The manifest of a snapshot, held against its files: their sizes, or with ``checksums`` all their bytes.

    Raises:
        DamagedSnapshot: there is none, it cannot be read, or a file is missing or another.
    """
    manifest = parse_manifest(folder)
    for file in manifest.files:
        path = folder / file.name
        if found := sums.difference(path, sums.Sum(file.bytes, file.sha256), every_byte=checksums):
            raise _damaged(path, found)
    return manifest


def read_lines(folder: pathlib.Path, manifest: Manifest) -> Iterator[bytes]:
    """The rows of a snapshot as they were served, one after another."""
    for file in manifest.files:
        with (folder / file.name).open("rb") as packed, gzip.open(packed) as lines:
            for line in lines:
                yield line.rstrip(b"\n")


def parse_manifest(folder: pathlib.Path) -> Manifest:
    """The manifest as it stands; its files are not looked at.

    Raises:
        DamagedSnapshot: there is none, or it cannot be read.
    """
    path = folder / MANIFEST
    try:
        values = json.loads(files.read(path))
        return Manifest(
            **{
                **values,
                "date": datetime.date.fromisoformat(values["date"]),
                "started_at": datetime.datetime.fromisoformat(values["started_at"]),
                "fetched_at": datetime.datetime.fromisoformat(values["fetched_at"]),
                "files": tuple(RawFile(**file) for file in values["files"]),
                "new_fields": tuple(values["new_fields"]),
            }
        )
    except FileNotFoundError:
        raise DamagedSnapshot(f"{path}: no such file, so there is no snapshot; fetch it first") from None
    except (ValueError, TypeError, KeyError):
        raise _damaged(path, "not a manifest that this version can read") from None


def _damaged(path: pathlib.Path, found: str) -> DamagedSnapshot:
    return DamagedSnapshot(f"{path}: {found}; remove the folder and run again to fetch it anew")
