"""Files of a model that name its users: factors, and the examples that MLflow keeps beside them.

Each is replaced at once, by a file that lacks this user alone. What the factors of tracks learnt from their plays, among
everyone's, stays until the next training, which has none of them.
"""

import io
import json
import pathlib
from typing import Any

import numpy as np

from jobs.model.factors import FactorModel
from jobs.model.registry_access import BROKEN
from lake import sums
from lake.files import replace

FACTORS = "factors.npz"
EXAMPLES = ("input_example.json", "serving_input_example.json")


def files(folder: pathlib.Path) -> list[pathlib.Path]:
    """What may name users, anywhere below a folder; folders of interrupted runs too."""
    return sorted(path for path in folder.rglob("*") if path.name in (FACTORS, *EXAMPLES))


def holds(path: pathlib.Path, user_id: int) -> bool:
    return _without(path, user_id) is not None


def remove(path: pathlib.Path, user_id: int) -> bool:
    """Take a user out of a file; whether there was one."""
    data = _without(path, user_id)
    if data is None:
        return False
    replace(path, data)
    return True


def remove_from_lake(folder: pathlib.Path, user_id: int) -> None:
    """Of the lake's models and challengers; a file that cannot be read serves nobody, and goes."""
    for path in files(folder):
        try:
            remove(path, user_id)
        except BROKEN:
            path.unlink()
            continue
        keep_sum(path)


def keep_sum(path: pathlib.Path) -> None:
    """Let the folder's sums say what a file holds now: a kill may have come between the file and its sum."""
    place = path.with_name(sums.SUMS)
    try:
        known = sums.read_sums(place)
    except (FileNotFoundError, ValueError):
        return
    if path.name in known and known[path.name] != (now := sums.Sum.of(path)):
        replace(place, sums.text({**known, path.name: now}))


def _without(path: pathlib.Path, user_id: int) -> bytes | None:
    """The file without a user; None where it names no such user."""
    if path.name == FACTORS:
        return _factors_without(path, user_id)
    found = json.loads(path.read_bytes())
    kept = _rows_without(found, user_id)
    return None if kept == found else json.dumps(kept).encode()


def _factors_without(path: pathlib.Path, user_id: int) -> bytes | None:
    with np.load(io.BytesIO(path.read_bytes())) as stored:
        arrays = dict(stored)  # all of it: a damaged file is found by its own checksums, and gets no new sum
    if user_id not in arrays["user_ids"]:
        return None
    model = FactorModel(**arrays, recipe={})
    kept = model.of_users(np.setdiff1d(model.user_ids, [user_id]))
    written = io.BytesIO()
    np.savez(written, **{name: getattr(kept, name) for name in arrays})
    return written.getvalue()


def _rows_without(value: Any, user_id: int) -> Any:
    """The JSON of a frame with the one column ``user_id``, without the rows of an id."""
    if isinstance(value, dict):
        return {name: _rows_without(inner, user_id) for name, inner in value.items()}
    return [row for row in value if row != [user_id]] if isinstance(value, list) else value
