"""Files of a lake that are not as they were written: each is found by its sum, and the next one looked at.

What has no sum yet (a table's file since the last ``Maintain``) is read whole: a Parquet file with the checksums of its
pages, where the writer has put them in; a version of the log as JSON.
"""

import dataclasses
import json
import pathlib
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from conf.errors import Refused
from conf.tables import TABLES
from jobs.model.factors import FILES, FactorModel
from jobs.model.registry_access import BROKEN
from lake import files, sums
from lake.delta import data_files, open_table
from lake.layout import MANIFEST, index_file, model_folder, sums_file, table_folder
from lake.storage import is_url, place

RAW = "only a recompute of the date reads it: restore it from a backup, or remove the folder"
# With older sums, since the versions after the backup's last are written anew.
TABLE = "restore the table's folder and {sums} from a backup, or an earlier version of the table"
MODEL = (
    "moovitamix models --repair fetches the champion and the previous model from the registry; others can be removed"
)
REPORT = "remove it; moovitamix report --date {date} writes it anew"
INDEX = "remove it; the next report writes it anew"
SUMS = "remove it; the next Maintain writes it anew"


@dataclasses.dataclass(frozen=True)
class Damage:
    """One file; ``kind`` is raw, table, model, report or sums."""

    kind: str
    path: pathlib.Path
    found: str
    advice: str

    def __str__(self) -> str:
        return f"{self.path}: {self.found}; {self.advice}"


@dataclasses.dataclass(frozen=True)
class Survey:
    """How many files of a kind were looked at, and what is damaged."""

    kind: str
    looked_at: int
    damaged: list[Damage]


def survey(root: str) -> list[Survey]:
    """Every file of raw folders, tables, models and reports."""
    return [raw(root), tables(root), models(root), reports(root)]


def raw(root: str) -> Survey:
    """Raw folders against their manifests. In a bucket one without a manifest is what an interrupted upload has left."""
    found: list[Damage] = []
    looked_at = 0
    for folder in sorted((place(root) / "raw").glob("*/date=????-??-??")):
        if is_url(root) and not files.exists(folder / MANIFEST):
            continue
        looked_at += 1
        try:
            known = _manifest(folder)
        except Refused as refusal:
            found.append(Damage("raw", folder / MANIFEST, refusal.message, RAW))
            continue
        looked_at += len(known)
        differing = {name: sums.difference(folder / name, was) for name, was in known.items()}
        found += [Damage("raw", folder / name, text, RAW) for name, text in differing.items() if text]
    return Survey("raw", looked_at, found)


def _manifest(folder: pathlib.Path) -> dict[str, sums.Sum]:
    """
    Raises:
        Refused: there is none, or it cannot be read.
    """
    try:
        manifest = json.loads(files.read(folder / MANIFEST))
        return sums.listed(manifest["files"]) if folder.parent.name != "_day" else {}
    except FileNotFoundError:
        raise Refused("no such file, though the folder stands") from None
    except (ValueError, TypeError, KeyError):
        raise Refused("this is no manifest") from None
    except OSError as error:
        raise Refused(f"cannot be read ({first_line(error)})") from None


def tables(root: str) -> Survey:
    found = [table(root, name) for name in TABLES]
    return Survey("table", sum(each.looked_at for each in found), [damage for each in found for damage in each.damaged])


def table(root: str, name: str) -> Survey:
    """Log and data of a table. What its newest version does not list is looked at where it has a sum: without one it may
    be what a job is still writing, or a killed one has left, and nothing reads it."""
    folder, damaged, advice = table_folder(root, name), [], TABLE.format(sums=sums_file(root, name))
    there = sums.lasting(folder)
    try:
        known = sums.read_sums(sums_file(root, name))
    except FileNotFoundError:
        known = {}
    except ValueError:
        known = {}
        damaged.append(Damage("sums", sums_file(root, name), "this holds no sums", SUMS))
    active, broken = listed(root, name, bool(there) or bool(known))
    if broken:
        damaged.append(Damage("table", folder, broken, advice))
    written = {file for file in there if file in known or sums.is_log(file)}
    wanted = {*written, *active, *(gone for gone in known if sums.lost(gone, there))}
    for file in sorted(wanted):
        text = _differs(folder, file, known.get(file), active.get(file))
        damaged += [Damage("table", folder / file, text, advice)] if text else []
    return Survey("table", len(wanted), damaged)


def listed(root: str, name: str, begun: bool) -> tuple[dict[str, int], str]:
    """The data files of a table's newest version with their sizes; what is wrong where that cannot be told.

    ``begun`` says that the table was there once.
    """
    try:
        stored = open_table(root, name)
        if stored is None:
            return {}, "its log is not there" if begun else ""
        return data_files(stored), ""
    except Exception as error:  # whatever the library raises over a log that it cannot read is the answer
        return {}, f"its log cannot be read ({first_line(error)})"


def _differs(folder: pathlib.Path, name: str, known: sums.Sum | None, size: int | None) -> str:
    path = folder / name
    if known:
        return sums.difference(path, known)
    if not files.exists(path):
        return "no such file, though the log lists it"
    if size is not None and path.stat().st_size != size:
        return f"found {path.stat().st_size} bytes, written were {size}"
    try:
        _read_json(path) if name.endswith(".json") else _read_parquet(path)
    except (*BROKEN, pa.ArrowException) as error:
        return f"cannot be read ({first_line(error)})"
    return ""


def _read_json(path: pathlib.Path) -> None:
    text = files.read(path)
    if not text.strip():
        raise ValueError("it is empty")
    for line in text.splitlines():
        json.loads(line)


def _read_parquet(path: pathlib.Path) -> None:
    with path.open("rb") as file, pq.ParquetFile(file, page_checksum_verification=True) as stored:
        for _ in stored.iter_batches():
            pass


def models(root: str) -> Survey:
    folders = [path for path in model_folder(root, "1").parent.glob("*=*") if not path.name.startswith(".")]
    found = {folder: model(folder) for folder in sorted(folders)}
    damaged = [Damage("model", folder / name, text, MODEL) for folder in found for name, text in found[folder].items()]
    return Survey("model", len(folders), damaged)


def model(folder: pathlib.Path) -> dict[str, str]:
    """What is found of each file of a model that is not as it was saved."""
    if missing := {name: "no such file" for name in FILES if not files.exists(folder / name)}:
        return missing
    try:
        FactorModel.load(folder)  # which compares the sums as well
    except BROKEN as error:
        try:
            return sums.folder_differences(folder) or {FILES[0]: f"cannot be read ({first_line(error)})"}
        except ValueError as unreadable:
            return {sums.SUMS: first_line(unreadable)}
    return {}


def reports(root: str) -> Survey:
    folder = index_file(root).parent
    pages = sorted(folder.glob("*.html"))
    return Survey("report", len(pages), [damage for page in pages for damage in _report(page, index_file(root))])


def _report(page: pathlib.Path, index: pathlib.Path) -> Iterator[Damage]:
    try:
        data = files.read(page)
        text = "" if _is_older(data) else sums.seal_difference(data)
    except OSError as error:
        text = f"cannot be read ({first_line(error)})"
    if text:
        advice = INDEX if page == index else REPORT.format(date=page.name.partition(".")[0])
        yield Damage("report", page, text, advice)


def _is_older(page: bytes) -> bool:
    """Whether an earlier version wrote the page, whole: those have no sum."""
    return page.rstrip().endswith(b"</html>")


def first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
