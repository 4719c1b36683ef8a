"""NDCG of a factor model's lists, worked out in memory for many users: compiled code, for the search of parameters.

The lists of a holdout that decides on a model are measured by ``jobs.evaluation.metrics``; both count alike.
"""

from collections.abc import Callable

import numpy as np
import scipy.sparse

from jobs.model.solvers.compiled import compiled

BATCH = 128  # users whose scores are held at once by a thread


@compiled("void(float32[:, ::1], int64[::1], int32[::1], int64[::1], int32[::1], float64[::1], float64[::1])")
def gains(
    scores: np.ndarray,
    heard_ends: np.ndarray,
    heard: np.ndarray,
    relevant_ends: np.ndarray,
    relevant: np.ndarray,
    discounts: np.ndarray,
    result: np.ndarray,
) -> None:
    """NDCG of each row; ``scores`` are overwritten where ``heard``. Of equal scores the lower column comes first."""
    k = len(discounts)
    best = np.empty(k, np.float32)
    columns = np.empty(k, np.int64)
    for row in range(len(scores)):
        for at in range(heard_ends[row], heard_ends[row + 1]):
            scores[row, heard[at]] = -np.inf
        best[:] = -np.inf
        columns[:] = -1
        for column in range(scores.shape[1]):
            score = scores[row, column]
            if score > best[k - 1]:
                at = k - 1
                while at > 0 and score > best[at - 1]:
                    best[at] = best[at - 1]
                    columns[at] = columns[at - 1]
                    at -= 1
                best[at] = score
                columns[at] = column
        gained = ideal = 0.0
        wanted = relevant[relevant_ends[row] : relevant_ends[row + 1]]
        for at in range(min(k, len(wanted))):
            ideal += discounts[at]
        for at in range(k):
            for column in wanted:
                if column == columns[at]:
                    gained += discounts[at]
        result[row] = gained / ideal if ideal > 0 else np.nan


def ndcg(
    users: np.ndarray,
    tracks: np.ndarray,
    heard: scipy.sparse.csr_matrix,
    relevant: scipy.sparse.csr_matrix,
    k: int,
    run: Callable,
) -> np.ndarray:
    """NDCG at k of each user, float64 (m,), of the lists of the highest ``users @ tracks.T``.

    Args:
        users: float32 (m, rank), C order; tracks: float32 (n, rank).
        heard: (m, n); what is left out of the lists.
        relevant: (m, n or more); a column from n on is a track that the model does not have, and cannot be found.
        run: ``map``, or a thread pool's.

    Returns:
        NaN for users without a relevant track.
    """
    discounts = 1 / np.log2(np.arange(k) + 2)
    result = np.empty(len(users))
    heard_ends, relevant_ends = heard.indptr.astype(np.int64), relevant.indptr.astype(np.int64)
    transposed = np.ascontiguousarray(tracks.T)

    def batch(first: int) -> None:
        rows = slice(first, min(first + BATCH, len(users)))
        ends = slice(first, rows.stop + 1)
        scores = users[rows] @ transposed
        gains(scores, heard_ends[ends], heard.indices, relevant_ends[ends], relevant.indices, discounts, result[rows])

    list(run(batch, range(0, len(users), BATCH)))
    return result
