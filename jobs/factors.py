"""The factor model in memory: solving a user from their plays, and ranking tracks. numpy only.

Implicit-feedback ALS after Hu, Koren and Volinsky, "Collaborative Filtering for Implicit Feedback
Datasets" (ICDM 2008): with confidence ``c = 1 + alpha * plays`` and item factors ``Y``, a user's factors
are ``x = (Y'Y + Y'(C - I)Y + lambda I)^-1 Y'Cp``. ``lambda = reg * (number of the user's tracks)``, after
Zhou et al., "Large-Scale Parallel Collaborative Filtering for the Netflix Prize" (2008), as in Spark.
"""

import dataclasses
import json
import os
import pathlib

import numpy as np

BECAUSE = 3  # heard tracks named as the reason of a recommendation


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

    def positions(self, track_ids: np.ndarray) -> np.ndarray:
        """Row of each id in ``track_factors``; -1 where the model does not know it."""
        if not len(self.track_ids):
            return np.full(len(track_ids), -1)
        at = np.searchsorted(self.track_ids, track_ids).clip(max=len(self.track_ids) - 1)
        return np.where(self.track_ids[at] == track_ids, at, -1)

    def equals(self, other: "FactorModel") -> bool:
        arrays = [field.name for field in dataclasses.fields(self) if field.name != "recipe"]
        return all(np.array_equal(getattr(self, name), getattr(other, name)) for name in arrays)

    def save(self, folder: pathlib.Path) -> None:
        """Write ``factors.npz`` and ``recipe.json``; the folder appears whole."""
        building = folder.with_name(f".{folder.name}.{os.getpid()}")
        building.mkdir(parents=True, exist_ok=True)
        arrays = {field.name: getattr(self, field.name) for field in dataclasses.fields(self) if field.name != "recipe"}
        np.savez(building / "factors.npz", **arrays)
        (building / "recipe.json").write_text(json.dumps(self.recipe, default=str))
        replaced = folder.with_name(f".{folder.name}.{os.getpid()}.old")
        if folder.exists():
            folder.rename(replaced)
        building.rename(folder)
        for file in replaced.glob("*"):
            file.unlink()
        if replaced.exists():
            replaced.rmdir()

    @classmethod
    def load(cls, folder: pathlib.Path) -> "FactorModel":
        with np.load(folder / "factors.npz") as arrays:
            return cls(**dict(arrays), recipe=json.loads((folder / "recipe.json").read_text()))


class Folding:
    """Users' factors solved from their plays, the track factors held fixed: one exact ALS half step."""

    def __init__(self, model: FactorModel) -> None:
        self.factors = model.track_factors.astype(np.float64)
        self.gram = model.gram
        self.reg, self.alpha = model.recipe["reg"], model.recipe["alpha"]

    def system(self, rows: np.ndarray, plays: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Left side (rank, rank) and right side (rank,) of a user's normal equations.

        Args:
            rows: positions of the user's tracks in the factors, (n,).
            plays: how often each was played, (n,).
        """
        heard = self.factors[rows]
        excess = self.alpha * plays
        left = self.gram + (heard.T * excess) @ heard
        left[np.diag_indices_from(left)] += self.reg * len(rows)
        return left, heard.T @ (1 + excess)

    def solve(self, rows: np.ndarray, plays: np.ndarray) -> np.ndarray:
        return np.linalg.solve(*self.system(rows, plays))

    def because(self, rows: np.ndarray, plays: np.ndarray, recommended: np.ndarray) -> np.ndarray:
        """Which of the user's tracks contributed most to each score, most first.

        A score is a sum over the heard tracks, ``sum_j c_j y_i' W y_j`` with ``W`` the inverse of the left
        side (Hu, Koren and Volinsky 2008, section 5).

        Returns:
            Indices into ``rows``, (len(recommended), at most :data:`BECAUSE`).
        """
        left, _ = self.system(rows, plays)
        weights = np.linalg.solve(left, self.factors[recommended].T)
        contributions = (self.factors[rows] @ weights).T * (1 + self.alpha * plays)
        return np.argsort(-contributions, axis=1, kind="stable")[:, :BECAUSE]


def top(scores: np.ndarray, k: int) -> np.ndarray:
    """Positions of the k largest finite scores, largest first; of equal ones the lower position first."""
    finite = int(np.isfinite(scores).sum())
    k = min(k, finite)
    if k == 0:
        return np.empty(0, dtype=np.int64)
    threshold = np.partition(scores, len(scores) - k)[len(scores) - k]
    candidates = np.flatnonzero(scores >= threshold)
    return candidates[np.argsort(-scores[candidates], kind="stable")][:k]
