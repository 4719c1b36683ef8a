"""Look everywhere for a user: by id in its places, by e-mail and name as bytes. What is left is counted, place by place.

Files are looked at as they lie on disk, whether a table's newest version reads them or not.
"""

import dataclasses
import json
import pathlib
from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from conf.contract import ENTITIES
from conf.settings import Settings
from conf.tables import TABLES
from jobs.cleaning import suppressed
from jobs.privacy import mart_rows, model_files, raw_folders, registry_copies, texts
from jobs.privacy.person import Person
from jobs.privacy.plan import is_theirs
from lake.files import below
from lake.layout import model_folder, table_folder


@dataclasses.dataclass(frozen=True)
class Place:
    """``looked_at`` and ``found`` count rows of raw folders, tables and mart, and files elsewhere."""

    name: str
    looked_at: int
    found: int


def everywhere(root: str, person: Person, settings: Settings) -> list[Place]:
    """Every place there is; those of a kind are added up."""
    found = [*in_raw(root, person), *in_tables(root, person), *in_models(root, person), *in_texts(root, person)]
    found.append(Place("registry", *registry_copies.count(settings.registry.uri, person.user_id, person.needles)))
    if settings.postgres.url:
        found += [Place(*counts) for counts in mart_rows.count(settings.postgres, person)]
    return added_up(found)


def added_up(places: Iterable[Place]) -> list[Place]:
    sums: dict[str, Place] = {}
    for place in places:
        before = sums.get(place.name, Place(place.name, 0, 0))
        sums[place.name] = Place(place.name, before.looked_at + place.looked_at, before.found + place.found)
    return list(sums.values())


def in_raw(root: str, person: Person) -> Iterator[Place]:
    """Rows of raw folders; what killed fetches and refused days left counts as found, whatever it holds."""
    for entity in ENTITIES.values():
        for folder in raw_folders.folders(root, entity):
            for file in sorted(folder.glob("*.gz")):
                looked_at = found = 0
                for line in suppressed.read(file):
                    looked_at, found = looked_at + 1, found + person.theirs(entity, line)
                yield Place(f"raw {entity.name}", looked_at, found)
    yield Place("remains of fetches", len(raw_folders.remains(root)), len(raw_folders.remains(root)))


def in_tables(root: str, person: Person) -> Iterator[Place]:
    for name in TABLES:
        folder = table_folder(root, name)
        for file in below(folder):
            if "_delta_log" in file.parts:
                yield Place("logs of tables", 1, int(in_log(file, person)))
            elif file.suffix == ".parquet":
                yield Place(f"table {name}", *in_parquet(file, name, person))


def in_log(file: pathlib.Path, person: Person) -> bool:
    """Whether a file of a Delta log, or a checkpoint, names the user: in its least and greatest values, a predicate."""
    if file.suffix == ".parquet":
        data = json.dumps(
            pq.read_table(pa.BufferReader(file.read_bytes())).to_pylist(), default=str, ensure_ascii=False
        ).encode()
    else:
        data = file.read_bytes()
    return bool(person.named.search(data)) or any(needle in data for needle in person.needles)


def in_parquet(file: pathlib.Path, table: str, person: Person) -> tuple[int, int]:
    looked_at = found = 0
    with file.open("rb") as stored:
        for batch in pq.ParquetFile(stored).iter_batches():
            looked_at, found = looked_at + batch.num_rows, found + int(rows_of(batch, table, person).sum())
    return looked_at, found


def rows_of(batch: pa.RecordBatch, table: str, person: Person) -> np.ndarray:
    """Which rows are the user's, bool (n,)."""
    mine = np.zeros(batch.num_rows, bool)
    for field, column in zip(batch.schema, batch.columns, strict=True):
        if field.name == "user_id":
            mine |= _true(pc.equal(column, person.user_id))
        elif pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
            for text in person.texts:
                mine |= _true(pc.match_substring(column, text))
    if table == "quarantine":
        rows = batch.select(["row"]).column(0).to_pylist()
        # The entity is the partition's: both ways of naming a user are tried.
        people = [ENTITIES[name] for name in ("users", "listen_history")]
        mine |= np.array([any(is_theirs(entity, row, person.user_id) for entity in people) for row in rows], bool)
    return mine


def _true(mask: pa.BooleanArray) -> np.ndarray:
    return np.asarray(pc.fill_null(mask, False).to_numpy(zero_copy_only=False))


def in_models(root: str, person: Person) -> Iterator[Place]:
    for path in model_files.files(model_folder(root, "1").parent):
        yield Place("models", 1, int(model_files.holds(path, person.user_id)))


def in_texts(root: str, person: Person) -> Iterator[Place]:
    for path in texts.files(root):
        yield Place(texts.place(root, path), 1, int(texts.names(path, person)))
