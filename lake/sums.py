"""SHA-256 of files that never change once they stand, and what differs from it.

A raw folder's manifest and a model's ``_sums.json`` name their own files. A report ends with the sum of what stands
above. The files of tables (Parquet, and the log's versions) are written by Spark and deltalake, which keep no sums of
them: ``Maintain`` keeps those in ``_sums/TABLE.json``, from the first day that it sees a file.
"""

import contextlib
import dataclasses
import hashlib
import json
import pathlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from lake import files
from lake.delta import UNREADABLE, data_files, open_table
from lake.layout import sums_file, table_folder

BLOCK = 1 << 20  # bytes read at a time
SUMS = "_sums.json"  # of a model's folder
LOG = re.compile(r"_delta_log/(\d{20})\.(json|checkpoint.*\.parquet)")
SEAL = re.compile(rb"<!-- sha256 ([0-9a-f]{64}) -->\n\Z")


@dataclasses.dataclass(frozen=True)
class Sum:
    """Of one file: its size and its SHA-256."""

    bytes: int
    sha256: str

    @classmethod
    def of(cls, path: pathlib.Path) -> "Sum":
        digest, size = hashlib.sha256(), 0
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
                size += len(block)
        return cls(size, digest.hexdigest())


def difference(path: pathlib.Path, known: Sum, every_byte: bool = True) -> str:
    """What is found of a file where it is not as it was written; empty where it is. Sizes are compared first."""
    if not files.exists(path):
        return "no such file, though it is listed"
    size = path.stat().st_size
    if size != known.bytes:
        return f"found {size} bytes, written were {known.bytes}"
    if not every_byte:
        return ""
    try:
        found = Sum.of(path).sha256
    except OSError as error:  # such as a bad block of the disk
        return f"cannot be read ({error.strerror or error})"
    return "" if found == known.sha256 else f"found sha256 {found[:12]}…, written was {known.sha256[:12]}…"


def listed(entries: Iterable[Mapping[str, Any]]) -> dict[str, Sum]:
    """The sums that a manifest holds, by file name."""
    return {entry["name"]: Sum(entry["bytes"], entry["sha256"]) for entry in entries}


# -- a model's folder -----------------------------------------------------------------------------


def of_folder(folder: pathlib.Path, names: Iterable[str]) -> bytes:
    """What a folder's ``_sums.json`` holds."""
    return text({name: Sum.of(folder / name) for name in names})


def text(known: Mapping[str, Sum]) -> bytes:
    return json.dumps({name: dataclasses.asdict(entry) for name, entry in sorted(known.items())}, indent=1).encode()


def folder_differences(folder: pathlib.Path) -> dict[str, str]:
    """What is found of each file that is not as it was written. Folders of earlier versions have no sums.

    Raises:
        ValueError: the sums cannot be read.
    """
    try:
        known = read_sums(folder / SUMS)
    except FileNotFoundError:
        return {}
    found = {name: difference(folder / name, was) for name, was in known.items()}
    return {name: text for name, text in found.items() if text}


def read_sums(path: pathlib.Path) -> dict[str, Sum]:
    """
    Raises:
        FileNotFoundError: there are none.
        ValueError: they cannot be read.
    """
    try:
        return {name: Sum(**entry) for name, entry in json.loads(files.read(path)).items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} holds no sums: {error}") from error


# -- the files of a table -------------------------------------------------------------------------


def record(root: str, table: str) -> int:
    """Keep the sums of a table's files that have none yet; returns how many. Those of removed files go.

    Of data it takes what the newest version lists, with the size that it lists: another file may be one that a job is
    still writing, or that a killed one has left.
    """
    place = sums_file(root, table)
    try:
        known = read_sums(place)
    except (FileNotFoundError, ValueError):
        known = {}
    there = lasting(table_folder(root, table))
    try:
        stored = open_table(root, table)
        sizes = data_files(stored) if stored else {}
    except UNREADABLE:  # what is damaged gets no sum
        return 0
    fresh = [name for name in there if name not in known and (is_log(name) or name in sizes)]
    taken = {}
    for name in fresh:
        with contextlib.suppress(OSError):  # gone meanwhile, or on a bad block, which the check names
            taken[name] = Sum.of(there[name])
    new = {name: found for name, found in taken.items() if found.bytes == sizes.get(name, found.bytes)}
    kept = {name: was for name, was in known.items() if name in there or lost(name, there)}
    if new or len(kept) < len(known):
        files.write(place, text({**kept, **new}))
    return len(new)


def lasting(folder: pathlib.Path) -> dict[str, pathlib.Path]:
    """The files of a table that are written once: data, versions of the log and checkpoints, by name below the table."""
    start = len(str(folder).rstrip("/")) + 1
    found = {str(path)[start:]: path for path in files.below(folder)}
    return {name: path for name, path in found.items() if not _changes(name)}


def is_log(name: str) -> bool:
    """Whether a file is a version of the log or a checkpoint."""
    return LOG.fullmatch(name) is not None


def _changes(name: str) -> bool:
    if name.startswith("_delta_log/"):
        return not is_log(name)
    return not name.endswith(".parquet") or pathlib.PurePosixPath(name).name.startswith(".")


def lost(name: str, there: Iterable[str]) -> bool:
    """Whether a missing file of the log was removed by nobody: it is newer than the oldest version that is there."""
    version = _version(name)
    versions = [found for found in map(_version, there) if found >= 0]
    return version >= 0 and (not versions or version > min(versions))


def _version(name: str) -> int:
    """Of a file of the log; -1 of others."""
    found = LOG.fullmatch(name)
    return int(found[1]) if found else -1


# -- a report -------------------------------------------------------------------------------------


def sealed(page: bytes) -> bytes:
    """A page with the sum of its bytes at its end."""
    return page + f"<!-- sha256 {hashlib.sha256(page).hexdigest()} -->\n".encode()


def seal_difference(page: bytes) -> str:
    """What is wrong with a page that :func:`sealed` made; empty where nothing is."""
    found = SEAL.search(page)
    if not found:
        return "it ends without its sum"
    sum_ = hashlib.sha256(page[: found.start()]).hexdigest()
    return "" if sum_ == found[1].decode() else f"found sha256 {sum_[:12]}…, written was {found[1].decode()[:12]}…"
