"""Figures of what was fetched and cleaned, from the accounting and the manifests of the raw folders."""

import datetime
import json
from typing import Any

from conf.contract import ENTITIES, Entity
from conf.tables import TABLES
from jobs.health.monitoring.series import DayFigures
from lake import files
from lake.access import Lake
from lake.layout import MANIFEST, raw_folder

OUTCOMES = ("clean", "duplicate", "quarantined", "later", "suppressed")


def of_date(lake: Lake, date: datetime.date) -> DayFigures:
    found: DayFigures = {}
    accounting = {row["entity"]: row for row in lake.rows("accounting", [("date", "=", date)])}
    for entity in ENTITIES.values():
        row = accounting.get(entity.name)
        manifest = read_manifest(lake.root, entity, row["snapshot_date"] if row else date)
        reasons = json.loads(row["reasons"] or "{}") if row else {}
        if row:
            found |= of_accounting(row, reasons)
        if manifest:
            blank = blanks(lake, entity, date) if row else {}
            found |= of_manifest(entity, manifest, reasons, blank)
    return found


def of_accounting(row: dict[str, Any], reasons: dict[str, int]) -> DayFigures:
    """Of a row of ``accounting``; shares are of the units fetched."""
    entity, fetched = row["entity"], row["fetched"]
    found: DayFigures = {
        ("rows_fetched", entity): float(row["rows"]),
        ("rows_clean", entity): float(row["clean"]),
        ("rows_unaccounted", entity): float(abs(fetched - sum(row[name] for name in OUTCOMES))),
    }
    if fetched:
        found["duplicate_share", entity] = row["duplicate"] / fetched
        found["quarantined_share", entity] = row["quarantined"] / fetched
    return found | {("quarantined_rows", f"{entity}.{rule}"): float(count) for rule, count in reasons.items()}


def of_manifest(entity: Entity, manifest: dict[str, Any], reasons: dict[str, int], blank: dict[str, int]) -> DayFigures:
    """Of a raw folder's manifest: its rows by field and JSON type, tries and retries.

    ``reasons`` and ``blank`` say how many values of a required and of an optional field are empty texts.
    """
    # Fields are counted over all that was fetched, users who asked to be forgotten included.
    rows, types = manifest["rows"] + manifest.get("suppressed", {}).get("rows", 0), manifest["fields"]
    declared = {field.name for field in entity.fields}
    found: DayFigures = {
        ("rows_fetched", entity.name): float(rows),
        ("torn_snapshots", entity.name): float(manifest["attempts"] - 1),
        ("api_retries", entity.name): float(manifest["retries"]),
    }
    if rows:
        found["fields_missing", entity.name] = float(len(declared - types.keys()))
        found["fields_unknown", entity.name] = float(len(types.keys() - declared))
    for field in entity.fields if rows else ():
        counts = types.get(field.name, {})
        values = sum(counts.values()) - counts.get("null", 0)
        empty = reasons.get(f"{field.name}_empty", 0) + blank.get(field.name, 0)
        found["null_share", f"{entity.name}.{field.name}"] = min(1.0, (rows - values + empty) / rows)
    return found


def blanks(lake: Lake, entity: Entity, date: datetime.date) -> dict[str, int]:
    """Empty texts of each optional field, which are clean; of each only the ids of such rows are read."""
    table = TABLES.get(entity.name)
    if table is None:
        return {}
    optional = [field for field in entity.fields if field.kind == "text" and not field.required]
    return {
        field.name: len(lake.arrow(table.name, [("last_seen", "=", date), (field.target, "=", "")], [table.key[0]]))
        for field in optional
    }


def read_manifest(root: str, entity: Entity, date: datetime.date) -> dict[str, Any] | None:
    """The manifest of a raw folder; None where the folder is not there (it may be past its retention)."""
    try:
        return json.loads(files.read(raw_folder(root, entity.name, date) / MANIFEST))
    except (FileNotFoundError, ValueError):
        return None
