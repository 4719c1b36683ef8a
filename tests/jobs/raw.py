"""Raw folders for tests: rows as they would have been fetched for a date."""

import datetime
import gzip
import hashlib
import json

from lake.layout import MANIFEST, raw_folder

STAMP = "2024-01-01T10:00:00"


def track(number, **changes):
    row = {
        "id": number,
        "name": f"Song {number}",
        "artist": "Band",
        "songwriters": "Ann",
        "duration": "03:05",
        "genres": "rock",
        "album": "LP",
        "created_at": STAMP,
        "updated_at": STAMP,
    }
    return {**row, **changes}


def user(number, **changes):
    row = {
        "id": number,
        "first_name": "Ann",
        "last_name": "Lee",
        "email": f"ann{number}@example.org",
        "gender": "Female",
        "favorite_genres": "rock",
        "created_at": STAMP,
        "updated_at": STAMP,
    }
    return {**row, **changes}


def history(user_id, items, created=STAMP, updated=None):
    return {"user_id": user_id, "items": items, "created_at": created, "updated_at": updated or created}


def write(root, entity, date, rows, fetched_at=None):
    """The folder of an entity's snapshot; ``rows`` are dictionaries, or lines as they are."""
    folder = raw_folder(root, entity, date)
    folder.mkdir(parents=True)
    lines = "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)
    data = gzip.compress(lines.encode(), mtime=0)
    (folder / "part-00000.jsonl.gz").write_bytes(data)
    fetched_at = fetched_at or datetime.datetime.combine(
        date + datetime.timedelta(days=1), datetime.time(1), datetime.UTC
    )
    file = {
        "name": "part-00000.jsonl.gz",
        "rows": len(rows),
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    manifest = {"rows": len(rows), "fetched_at": fetched_at.isoformat(), "files": [file]}
    (folder / MANIFEST).write_text(json.dumps(manifest))
