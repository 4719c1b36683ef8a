"""Users' factors solved from what they played, the track factors held fixed: one exact half step of ALS. numpy only.

Implicit-feedback ALS after Hu, Koren and Volinsky, "Collaborative Filtering for Implicit Feedback Datasets"
(ICDM 2008): with confidence ``c = 1 + alpha * weight`` and track factors ``Y``, a user's factors are
``x = W Y'c`` over the tracks played, where ``W = (Y'Y + Y'(C - I)Y + lambda I)^-1``; what a track played
contributes to the score of track i is ``c_j y_i' W y_j`` (section 5). ``lambda = reg * n ** reg_exponent`` for
n tracks played, after Zhou et al., "Large-Scale Parallel Collaborative Filtering for the Netflix Prize" (2008).

Two things make it cheap. In the basis in which ``Y'Y`` is diagonal, ``A = Y'Y + lambda I`` is a vector for any
lambda. And with ``B = A^-1/2 Y' S`` over the n tracks played, ``S^2 = C - I``, the inverse of ``I + BB'``
(rank x rank) and that of ``I + B'B`` (n x n) give each other (Woodbury): the smaller one is factorised, once,
for the user's factors and for all that is explained.
"""

import dataclasses
import itertools
from collections.abc import Iterator

import numpy as np
from scipy.linalg import lapack

from jobs.model.factors import FactorModel

SMALLEST = 1e-12  # of alpha * weight: a weight of nought would divide by nought


@dataclasses.dataclass(frozen=True)
class FoldIn:
    """A model turned into the basis in which ``Y'Y`` is diagonal: scores stay what they were.

    Shapes: factors float32 (n, rank); spectrum float64 (rank,), the diagonal; turn float64 (rank, rank), which takes
    factors of the model's own basis, as rows, to this one.
    """

    factors: np.ndarray
    spectrum: np.ndarray
    turn: np.ndarray
    reg: float
    reg_exponent: float
    alpha: float

    @classmethod
    def of(cls, model: FactorModel) -> "FoldIn":
        spectrum, turn = np.linalg.eigh(model.gram)
        factors = (model.track_factors @ turn).astype(np.float32)
        recipe = model.recipe
        # Of fewer tracks than factors some of the spectrum is nought, give or take a rounding.
        return cls(
            factors,
            spectrum.clip(min=0),
            turn,
            float(recipe["reg"]),
            float(recipe.get("reg_exponent", 1.0)),
            float(recipe["alpha"]),
        )

    def fold(self, rows: np.ndarray, weights: np.ndarray) -> "FoldedIn":
        """
        Args:
            rows: positions of the user's tracks in ``factors``, (n,).
            weights: what each weighs: its plays, or what the recipe makes of them, (n,).
        """
        return next(self.fold_each(rows, weights, np.array([0, len(rows)])))

    def fold_each(self, rows: np.ndarray, weights: np.ndarray, starts: np.ndarray) -> Iterator["FoldedIn"]:
        """The same for many users, of whom u has the pairs from ``starts[u]`` to ``starts[u + 1]``; starts (m + 1,)."""
        excess = np.maximum(self.alpha * weights, SMALLEST)
        root = np.sqrt(excess)
        confidence, scales = (1 + excess) / root, self._scales(np.diff(starts))
        for (first, end), scale in zip(itertools.pairwise(starts.tolist()), scales, strict=True):
            played = np.multiply.outer(root[first:end], scale)
            played *= self.factors.take(rows[first:end], axis=0)
            yield FoldedIn(played, confidence[first:end], scale)

    def _scales(self, counts: np.ndarray) -> np.ndarray:
        """``A^-1/2`` of users with so many tracks, (m, rank)."""
        diagonal = self.spectrum + (self.reg * counts.astype(np.float64) ** self.reg_exponent)[:, None]
        # Without regularisation: of the directions in which no track lies the solution has nothing.
        smallest = np.finfo(np.float64)
        floor = smallest.eps * len(self.spectrum) * max(float(self.spectrum.max()), smallest.tiny)
        return np.where(diagonal > floor, 1 / np.sqrt(np.maximum(diagonal, floor)), 0.0)

    def solve(self, rows: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """The user's factors in the model's own basis, float64 (rank,)."""
        return self.turn @ self.fold(rows, weights).factors


class FoldedIn:
    """A user's normal equations, factorised.

    ``factors``, float64 (rank,), are the user's in the basis of :class:`FoldIn`.
    """

    def __init__(self, played: np.ndarray, confidence: np.ndarray, scale: np.ndarray) -> None:
        """``played``: B' (n, rank); ``confidence``: c / S (n,); ``scale``: A^-1/2 (rank,)."""
        self.played, self.confidence, self.scale = played, confidence, scale
        count, rank = played.shape
        self.by_track = count <= rank
        system = played @ played.T if self.by_track else played.T @ played
        system.flat[:: len(system) + 1] += 1
        # Its eigenvalues are 1 at least, so it cannot fail.
        self.cholesky, _ = lapack.dpotrf(system.T, lower=True, overwrite_a=True)
        if self.by_track:
            self.factors = scale * (self._solve(confidence) @ played)
        else:
            self.factors = scale * self._solve(confidence @ played)

    def contributions(self, tracks: np.ndarray) -> np.ndarray:
        """What each track played adds to the scores of ``tracks`` (factors, (m, rank)): float64 (m, n)."""
        wanted = (tracks * self.scale).T
        if self.by_track:
            return self._solve(self.played @ wanted).T * self.confidence
        return (self.played @ self._solve(wanted)).T * self.confidence

    def _solve(self, right: np.ndarray) -> np.ndarray:
        return lapack.dpotrs(self.cholesky, right, lower=True)[0]
