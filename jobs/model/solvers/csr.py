"""Interactions in the memory of one process."""

import dataclasses

import numpy as np
import pandas as pd
import scipy.sparse
from pyspark.sql import DataFrame

from conf.errors import Refused

NOTHING = "nothing to fit on: found no interactions; check the dates and [als] min_user_tracks, min_track_users"
MEANINGLESS = "interactions: found a weight that is negative or not finite, required is 0 or more"


@dataclasses.dataclass(frozen=True)
class PackedPairs:
    """Weights by user and track.

    Shapes: user_ids int64 (m,) ascending; track_ids int64 (n,) ascending; weights float32 CSR (m, n), each row's
    columns ascending. Every user and every track has a pair.
    """

    user_ids: np.ndarray
    track_ids: np.ndarray
    weights: scipy.sparse.csr_matrix

    @property
    def pairs(self) -> int:
        return self.weights.nnz

    def weighted(self, weighting: str) -> "PackedPairs":
        """The same pairs, weighted as ``[als] weighting`` says, where they are weighted by plays."""
        weights = self.weights.copy()
        by_name = {"plays": weights.data, "log": np.log1p(weights.data), "once": np.minimum(weights.data, 1)}
        weights.data = by_name[weighting]
        return dataclasses.replace(self, weights=weights)

    def of_users(self, rows: np.ndarray) -> "PackedPairs":
        """The users at these positions (ascending), and the tracks that they have."""
        weights = self.weights[rows]
        columns = np.unique(weights.indices)
        return PackedPairs(self.user_ids[rows], self.track_ids[columns], weights[:, columns])


def pack(users: np.ndarray, tracks: np.ndarray, weights: np.ndarray) -> PackedPairs:
    """Pack one entry a row, each (n,): 64-bit ids, and weights, which are added up where a pair comes twice.

    Raises:
        Refused: a weight is negative or not finite.
    """
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise Refused(MEANINGLESS)
    rows, user_ids = pd.factorize(users, sort=True)
    columns, track_ids = pd.factorize(tracks, sort=True)
    shape = (len(user_ids), len(track_ids))
    matrix = scipy.sparse.coo_matrix(
        (weights.astype(np.float32), (rows.astype(np.int32), columns.astype(np.int32))), shape
    ).tocsr()
    matrix.sort_indices()
    return PackedPairs(user_ids.astype(np.int64), track_ids.astype(np.int64), matrix)


def from_frame(interactions: DataFrame) -> PackedPairs:
    """Pack user_id, track_id, weight; the rows come by Arrow, with no Python object for each."""
    table = interactions.select("user_id", "track_id", "weight").toArrow()
    return pack(*(table[name].to_numpy() for name in table.column_names))
