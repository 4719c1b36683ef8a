"""A raw folder as a frame of checked rows."""

import dataclasses
import datetime
import json
import pathlib
from collections.abc import Mapping

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from conf.contract import Entity
from conf.errors import Refused
from jobs.cleaning.checks import SMALL, checked
from jobs.cleaning.conversions import Context
from jobs.cleaning.suppressed import is_held
from lake import files
from lake.layout import MANIFEST, raw_folder, suppression_file
from lake.sums import Sum, difference, listed

DAMAGED = "restore the folder from a backup; one of today can be removed, and the next run fetches it anew"


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """What the manifest says of an entity's raw folder, and where its files are."""

    entity: Entity
    date: datetime.date
    folder: pathlib.Path
    rows: int
    sums: Mapping[str, Sum]  # of its files, by name
    context: Context
    suppressed_rows: int = 0  # of people who asked to be forgotten: counted, and not in the files
    suppressed_units: int = 0

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(str(self.folder / name) for name in self.sums)


def open_snapshot(root: str, entity: Entity, date: datetime.date, timezone: str) -> Snapshot:
    """The snapshot that a date's run fetched, without the people who asked to be forgotten. Nothing is written.

    Raises:
        Refused: there is none, it is not as it was fetched, or people who asked to be forgotten may be in it.
    """
    snapshot = described(root, entity, date, timezone)
    if not is_held(root, entity, snapshot.folder):
        raise Refused(
            f"{snapshot.folder}: {suppression_file(root)} has people whose rows may be in it; run the Clean tasks of a "
            "date that uses the folder, or make forget again: both take these rows out"
        )
    for path, known in snapshot.sums.items():
        if found := difference(snapshot.folder / path, known):
            raise Refused(f"{snapshot.folder / path}: {found}; {DAMAGED}")
    return snapshot


def described(root: str, entity: Entity, date: datetime.date, timezone: str) -> Snapshot:
    """As :func:`open_snapshot`, for who reads the manifest alone: rows of people on the list may be in the files.

    Raises:
        Refused: there is no snapshot, or its manifest cannot be read.
    """
    folder = raw_folder(root, entity.name, date).absolute()
    try:
        manifest = json.loads(files.read(folder / MANIFEST))
    except FileNotFoundError:
        raise Refused(f"{folder}: no snapshot of {entity.name} for {date}; fetch it first") from None
    except ValueError:
        raise Refused(f"{folder / MANIFEST}: this is no manifest; {DAMAGED}") from None
    try:
        fetched_at = datetime.datetime.fromisoformat(manifest["fetched_at"])
        left_out = manifest.get("suppressed", {})
        return Snapshot(
            entity,
            date,
            folder,
            manifest["rows"],
            listed(manifest["files"]),
            Context(fetched_at, timezone),
            left_out.get("rows", 0),
            left_out.get("units", 0),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Refused(f"{folder / MANIFEST}: this manifest lacks {error}; {DAMAGED}") from None


def read_checked(spark: SparkSession, snapshot: Snapshot) -> DataFrame:
    """One row per raw row: the table's columns, ``reasons`` (array<string>) and ``value``, the row's text."""
    if snapshot.files:
        text = spark.read.text(list(snapshot.files))
    else:
        text = spark.createDataFrame([], "value string")
    return checked(text, snapshot.entity, snapshot.context, snapshot.rows <= SMALL)


def snapshot_ids(spark: SparkSession, root: str, entity: Entity, date: datetime.date, timezone: str) -> DataFrame:
    """The ids, each once, of an entity's clean rows in the snapshot of a date: what could be played or served then."""
    rows = read_checked(spark, open_snapshot(root, entity, date, timezone))
    return rows.filter(F.size("reasons") == 0).select(entity.field("id").target).distinct()
