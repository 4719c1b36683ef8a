"""One half step of implicit-feedback ALS: the rows of one side solved, the other side's factors held fixed.

Row ``u`` is the solution ``x`` of ``(Y'Y + alpha * sum_j w_j y_j y_j' + reg_u I) x = sum_j (1 + alpha * w_j) y_j``,
where ``j`` runs over its pairs and ``y_j`` are rows of ``Y`` (Hu, Koren and Volinsky, "Collaborative Filtering for
Implicit Feedback Datasets", 2008). ``Y'Y`` is given from outside, so a half step can be made on a block of rows.

:func:`conjugate_gradient` takes a few steps from the row's last value (Takács, Pilászy and Tikk, "Applications of the
Conjugate Gradient Method for Implicit Feedback Collaborative Filtering", 2011). Rows go in lock step, a batch at a
time: what all of them have in common, ``P @ Y'Y``, is then one matrix product, and only the sum over a row's
own pairs is left for the compiled loop. Rows do not depend on each other and batches not on the threads, so the
result is the same for any number of these. :func:`exact` solves the same systems whole.
"""

import hashlib
import pathlib
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import scipy.sparse
from numba import njit

from jobs.model.solvers import compiled as compiling
from jobs.model.solvers.compiled import FASTMATH, compiled

# Calls a function for each number and gives the results in order: the built-in ``map``, or a pool's.
Run = Callable[[Callable[[int], Any], Iterable[int]], Iterable[Any]]

# Of this code: a worker may have another.
VERSION = hashlib.sha256(b"".join(pathlib.Path(f).read_bytes() for f in (__file__, compiling.__file__))).hexdigest()

NOTHING_LEFT = np.float32(1e-20)  # squared residual of a row that is solved
STEPS = 3  # of conjugate gradient in a half step
BATCH = 128  # rows in lock step
CHUNK = 16_384  # rows of a partial Gram matrix
VECTOR, MATRIX = "float32[::1]", "float32[:, ::1]"
ROWS = f"int64[::1], int32[::1], {VECTOR}, {MATRIX}, float32, {VECTOR}, {MATRIX}, {MATRIX}, {MATRIX}, {MATRIX}"


@njit(nogil=True, fastmath=FASTMATH, inline="always")
def add_pairs(
    columns: np.ndarray,
    weights: np.ndarray,
    fixed: np.ndarray,
    alpha: np.float32,
    constant: np.float32,
    sign: np.float32,
    vector: np.ndarray,
    target: np.ndarray,
) -> float:
    """``target += sum_j (constant * (1 + alpha w_j) + sign * alpha w_j (y_j . vector)) y_j``.

    Four pairs at a time, so that ``vector`` and ``target`` are read a quarter as often. Returns
    ``sum_j (1 + alpha w_j) (1 - y_j . vector)^2 - (y_j . vector)^2``: by how much the squared error of these pairs is
    more than if they were not there.
    """
    rank = len(vector)
    error = 0.0
    whole = len(columns) // 4 * 4
    for at in range(0, whole, 4):
        y0, y1, y2, y3 = fixed[columns[at]], fixed[columns[at + 1]], fixed[columns[at + 2]], fixed[columns[at + 3]]
        d0 = d1 = d2 = d3 = np.float32(0)
        for k in range(rank):
            d0 += y0[k] * vector[k]
            d1 += y1[k] * vector[k]
            d2 += y2[k] * vector[k]
            d3 += y3[k] * vector[k]
        a0, a1, a2, a3 = alpha * weights[at], alpha * weights[at + 1], alpha * weights[at + 2], alpha * weights[at + 3]
        c0 = constant * (1 + a0) + sign * a0 * d0
        c1 = constant * (1 + a1) + sign * a1 * d1
        c2 = constant * (1 + a2) + sign * a2 * d2
        c3 = constant * (1 + a3) + sign * a3 * d3
        for k in range(rank):
            target[k] += c0 * y0[k] + c1 * y1[k] + c2 * y2[k] + c3 * y3[k]
        error += (1 + a0) * (1 - d0) ** 2 - d0**2 + (1 + a1) * (1 - d1) ** 2 - d1**2
        error += (1 + a2) * (1 - d2) ** 2 - d2**2 + (1 + a3) * (1 - d3) ** 2 - d3**2
    for at in range(whole, len(columns)):
        y = fixed[columns[at]]
        d = np.float32(0)
        for k in range(rank):
            d += y[k] * vector[k]
        a = alpha * weights[at]
        c = constant * (1 + a) + sign * a * d
        for k in range(rank):
            target[k] += c * y[k]
        error += (1 + a) * (1 - d) ** 2 - d**2
    return error


@compiled(f"float64({ROWS})")
def start(
    ends: np.ndarray,
    columns: np.ndarray,
    weights: np.ndarray,
    fixed: np.ndarray,
    alpha: np.float32,
    reg: np.ndarray,
    x: np.ndarray,
    dense: np.ndarray,
    r: np.ndarray,
    p: np.ndarray,
) -> float:
    """Residuals ``r`` and first directions ``p`` of a batch; ``dense`` is ``x @ Y'Y``.

    Returns the batch's part of the training loss, but for what its rows have in common with those of others.
    """
    one = np.float32(1)
    loss = 0.0
    for row in range(len(x)):
        if ends[row] == ends[row + 1]:
            x[row] = r[row] = p[row] = 0
            continue
        for k in range(x.shape[1]):
            r[row, k] = -dense[row, k] - reg[row] * x[row, k]
        pairs = slice(ends[row], ends[row + 1])
        loss += add_pairs(columns[pairs], weights[pairs], fixed, alpha, one, -one, x[row], r[row])
        size = np.float32(0)
        for k in range(x.shape[1]):
            p[row, k] = r[row, k]
            size += x[row, k] * x[row, k]
        loss += reg[row] * size
    return loss


@compiled(f"void({ROWS})")
def step(
    ends: np.ndarray,
    columns: np.ndarray,
    weights: np.ndarray,
    fixed: np.ndarray,
    alpha: np.float32,
    reg: np.ndarray,
    x: np.ndarray,
    dense: np.ndarray,
    r: np.ndarray,
    p: np.ndarray,
) -> None:
    """One step along each row's ``p``; ``dense`` is ``p @ Y'Y`` and is overwritten."""
    one = np.float32(1)
    for row in range(len(x)):
        before = np.float32(0)
        for k in range(x.shape[1]):
            before += r[row, k] * r[row, k]
            dense[row, k] += reg[row] * p[row, k]
        if before < NOTHING_LEFT:
            continue
        pairs = slice(ends[row], ends[row + 1])
        add_pairs(columns[pairs], weights[pairs], fixed, alpha, np.float32(0), one, p[row], dense[row])
        curvature = np.float32(0)
        for k in range(x.shape[1]):
            curvature += p[row, k] * dense[row, k]
        if not curvature > 0:
            continue
        length = before / curvature
        after = np.float32(0)
        for k in range(x.shape[1]):
            x[row, k] += length * p[row, k]
            r[row, k] -= length * dense[row, k]
            after += r[row, k] * r[row, k]
        turn = after / before
        for k in range(x.shape[1]):
            p[row, k] = r[row, k] + turn * p[row, k]


def conjugate_gradient(
    pairs: scipy.sparse.csr_matrix,
    fixed: np.ndarray,
    gram: np.ndarray,
    solved: np.ndarray,
    reg: np.ndarray,
    alpha: float,
    run: Run,
    steps: int = STEPS,
) -> float:
    """Improve ``solved`` in place.

    Args:
        pairs: weights, float32 CSR (rows, columns); a row without pairs becomes zero.
        fixed: factors of the columns, float32 (columns, rank).
        gram: ``Y'Y``, float32 (rank, rank), of all columns, also of those that the block does not have.
        solved: factors of the rows, float32 (rows, rank), C order; where each row starts from.
        reg: regularisation of each row, float32 (rows,).
        run: runs the batches: ``map``, or a thread pool's; BLAS should then keep to one thread.

    Returns:
        The training loss that ``solved`` and ``fixed`` had before, but for the sum of all squared scores and
        the regularisation of ``fixed``.
    """
    ends, width = pairs.indptr.astype(np.int64), np.float32(alpha)

    def batch(first: int) -> float:
        rows = slice(first, first + BATCH)
        x = solved[rows]
        dense, r, p = np.empty_like(x), np.empty_like(x), np.empty_like(x)
        system = (ends[first : first + len(x) + 1], pairs.indices, pairs.data, fixed, width, reg[rows], x, dense, r, p)
        np.dot(x, gram, out=dense)
        loss = start(*system)
        for _ in range(steps):
            np.dot(p, gram, out=dense)
            step(*system)
        return loss

    return sum(run(batch, range(0, pairs.shape[0], BATCH)))


def exact(
    pairs: scipy.sparse.csr_matrix,
    fixed: np.ndarray,
    gram: np.ndarray,
    solved: np.ndarray,
    reg: np.ndarray,
    alpha: float,
    run: Run,
) -> float:
    """The same, solved whole, in the precision of ``solved``; the loss is not worked out (NaN).

    Raises:
        numpy.linalg.LinAlgError: a row's system is singular, which takes a ``reg`` of 0.
    """

    def row(at: int) -> None:
        own = slice(pairs.indptr[at], pairs.indptr[at + 1])
        heard, excess = fixed[pairs.indices[own]], alpha * pairs.data[own].astype(solved.dtype)
        if len(heard):
            left = gram + (heard.T * excess) @ heard
            left[np.diag_indices_from(left)] += reg[at]
            solved[at] = np.linalg.solve(left, heard.T @ (1 + excess))
        else:
            solved[at] = 0

    list(run(row, range(pairs.shape[0])))
    return float("nan")


def gram(factors: np.ndarray, run: Run) -> np.ndarray:
    """``Y'Y`` in the precision of ``factors``, summed in an order that does not depend on the threads."""

    def part(first: int) -> np.ndarray:
        rows = factors[first : first + CHUNK]
        return rows.T @ rows

    return sum(run(part, range(0, len(factors), CHUNK)), np.zeros(())).astype(factors.dtype)
