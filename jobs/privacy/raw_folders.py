"""Which raw folders there are, and what lies beside them: both are looked through for a user who asks to be forgotten."""

import datetime
import pathlib

from conf.contract import ENTITIES, Entity
from lake import files
from lake.layout import MANIFEST, growing_folder, raw_folder


def folders(root: str, entity: Entity) -> list[pathlib.Path]:
    """The raw folders of an entity that are whole, by date."""
    found = raw_folder(root, entity.name, datetime.date.min).parent.glob("date=????-??-??")
    return sorted(folder for folder in found if files.exists(folder / MANIFEST))


def remains(root: str) -> list[pathlib.Path]:
    """What interrupted fetches, refused days and removals left beside the folders."""
    kept = [raw_folder(root, name, datetime.date.min) for name in ENTITIES]
    parents = {parent for folder in kept for parent in (folder.parent, growing_folder(folder))}
    return [
        path
        for parent in parents
        if parent.exists()
        for path in parent.iterdir()
        if path.name.startswith(".") or not files.exists(path / MANIFEST)
    ]


def remove_remains(root: str) -> None:
    for path in remains(root):
        path.unlink() if path.is_file() else files.remove(path)
