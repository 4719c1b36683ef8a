"""The factor model in memory and in its files. numpy only."""

import contextlib
import dataclasses
import fcntl
import json
import os
import pathlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from lake import files, sums
from lake.storage import is_url

FILES = ("factors.npz", "recipe.json")
YOUNG = 1  # seconds in which a folder may not have got its lock yet


@dataclasses.dataclass(frozen=True)
class FactorModel:
    """Track factors, and the users' as they were at the fit.

    Shapes: track_ids int64 (n,), ascending; track_factors float32 (n, rank); user_ids int64 (m,),
    ascending; user_factors float32 (m, rank). ``recipe`` holds reg, alpha and what else the fit was made with.
    """

    track_ids: np.ndarray
    track_factors: np.ndarray
    user_ids: np.ndarray
    user_factors: np.ndarray
    recipe: dict

    @property
    def gram(self) -> np.ndarray:
        """``Y'Y`` over all tracks, float64 (rank, rank)."""
        factors = self.track_factors.astype(np.float64)
        return factors.T @ factors

    def of_users(self, user_ids: np.ndarray) -> "FactorModel":
        """The model with the factors of these users alone."""
        kept = np.isin(self.user_ids, user_ids)
        return dataclasses.replace(self, user_ids=self.user_ids[kept], user_factors=self.user_factors[kept])

    def positions(self, track_ids: np.ndarray) -> np.ndarray:
        """Row of each id in ``track_factors``; -1 where the model does not know it."""
        return positions(self.track_ids, track_ids)

    def equals(self, other: "FactorModel") -> bool:
        return all(np.array_equal(array, getattr(other, name)) for name, array in self.arrays().items())

    def arrays(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self) if field.name != "recipe"}

    def recipe_text(self) -> str:
        return json.dumps(self.recipe, default=str)

    def save(self, folder: pathlib.Path) -> None:
        """Write ``FILES`` and their sums; the folder appears whole, in a bucket with the recipe last."""
        if is_url(folder):
            (folder / "recipe.json").unlink(missing_ok=True)  # or it would stand beside another model's factors
            with tempfile.TemporaryDirectory() as built:
                self._write(pathlib.Path(built))
                for name in ("factors.npz", sums.SUMS, "recipe.json"):
                    files.write(folder / name, (pathlib.Path(built) / name).read_bytes())
            return
        building = folder.with_name(f".{folder.name}.{os.getpid()}")
        building.mkdir(parents=True, exist_ok=True)
        with _held(building):
            self._write(building)
            replaced = folder.with_name(f".{folder.name}.{os.getpid()}.old")
            if folder.exists():
                folder.rename(replaced)
            building.rename(folder)
        files.sync([folder.parent])
        shutil.rmtree(replaced, ignore_errors=True)

    def _write(self, folder: pathlib.Path) -> None:
        np.savez(folder / "factors.npz", **self.arrays())
        (folder / "recipe.json").write_text(self.recipe_text())
        (folder / sums.SUMS).write_bytes(sums.of_folder(folder, FILES))
        files.sync([*folder.iterdir(), folder])

    @classmethod
    def load(cls, folder: pathlib.Path) -> "FactorModel":
        """
        Raises:
            OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile: it is not whole, or not as it was saved.
        """
        if is_url(folder):  # each file is fetched once
            with tempfile.TemporaryDirectory() as copied:
                for path in files.below(folder):
                    (pathlib.Path(copied) / path.name).write_bytes(files.read(path))
                return cls.load(pathlib.Path(copied))
        for name, found in sums.folder_differences(folder).items():
            raise ValueError(f"{name}: {found}")
        with np.load(folder / "factors.npz") as arrays:
            return cls(**dict(arrays), recipe=json.loads(files.read(folder / "recipe.json")))


def sweep(folder: pathlib.Path) -> None:
    """Remove files left by interrupted saves beside the models of a folder; a save that is under way holds a lock."""
    if is_url(folder):
        return  # there nothing is built beside
    for left in folder.glob(".*=*"):
        with contextlib.suppress(FileNotFoundError, BlockingIOError):  # another was quicker, or is at work
            if time.time() - left.stat().st_mtime > YOUNG:
                with _held(left):
                    shutil.rmtree(left)


@contextlib.contextmanager
def _held(folder: pathlib.Path) -> Iterator[None]:
    """Hold a folder's lock, which the kernel gives back when the process ends, however it ends.

    Raises:
        BlockingIOError: another process holds it.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def positions(known: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Where each id stands in ``known``, which ascends; -1 where it does not."""
    if not len(known):
        return np.full(len(ids), -1)
    at = np.searchsorted(known, ids).clip(max=len(known) - 1)
    return np.where(known[at] == ids, at, -1)


def top(scores: np.ndarray, k: int) -> np.ndarray:
    """Positions of the k largest finite scores, largest first; of equal ones the lower position first."""
    finite = int(np.isfinite(scores).sum())
    k = min(k, finite)
    if k == 0:
        return np.empty(0, dtype=np.int64)
    threshold = np.partition(scores, len(scores) - k)[len(scores) - k]
    candidates = np.flatnonzero(scores >= threshold)
    return candidates[np.argsort(-scores[candidates], kind="stable")][:k]
