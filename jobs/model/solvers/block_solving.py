"""What a worker does with the rows of a block in a half step. numpy, Arrow and compiled code; nothing of Spark.

The functions made here travel to workers by value, so they hold arrays and numbers, nothing of ``conf``.
"""

import gc
import sys
import types
from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
import pyspark.cloudpickle
import scipy.sparse
from threadpoolctl import threadpool_limits

from jobs.model.solvers.block_rows import OnRows, joined, pieces, row
from jobs.model.solvers.local import initial, regularisation

FACTORS, GRAM, SUMS = "factors", "gram", "sums"

Kernel = Callable[[], types.ModuleType]


def shipped_kernel() -> Kernel:
    """A function by which a worker gets ``conjugate_gradient`` and ``gram`` of ``kernel.py``, once in its life.

    Where the worker can import the same code, that is read from numba's cache on disk; else the functions that travel
    with this one are compiled, in some seconds.
    """
    # Compiled code: loaded by those who fit.
    from jobs.model.solvers import kernel

    version = kernel.VERSION
    by_value = pyspark.cloudpickle.dumps((kernel.conjugate_gradient, kernel.gram))

    def load() -> types.ModuleType:
        name = f"als_kernel_{version}"
        if name not in sys.modules:
            found = types.ModuleType(name)
            try:
                from jobs.model.solvers import kernel as own

                usable = getattr(own, "VERSION", "") == version
            except ImportError:
                usable = False
            functions = (own.conjugate_gradient, own.gram) if usable else pyspark.cloudpickle.loads(by_value)
            found.conjugate_gradient, found.gram = functions  # type: ignore[attr-defined]
            # Spark runs one worker a core; BLAS threads on top would only fight over them.
            threadpool_limits(1, "blas")
            # Spark collects garbage after each task; what numba loaded is some 0.1 s of looking, and stays.
            gc.freeze()
            sys.modules[name] = found
        return sys.modules[name]

    return load


def drawing(edges: np.ndarray, rank: int, seed: int, kernel: Kernel) -> OnRows:
    """Makes initial factors of the blocks whose numbers are in ``id``."""

    def draw(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for block in [number for batch in batches for number in batch["id"].to_pylist()]:
            first = int(edges[block])
            factors = initial(first, int(edges[block + 1]), rank, seed)
            yield from solved(block, first, factors, kernel().gram(factors, map), 0.0, 0.0)

    return draw


def improving(
    edges: np.ndarray, gram: np.ndarray, alpha: float, reg: float, reg_exponent: float, kernel: Kernel
) -> OnRows:
    """Solves a block, whose ``ends``, ``columns`` and ``weights`` are there with all ``fixed`` factors and ``own`` ones.

    Args:
        edges: where the blocks of the side that is solved begin, (blocks + 1,).
        gram: of all fixed factors, float32 (rank, rank).
    """
    rank = len(gram)

    def improve(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        received = list(batches)
        if not received:
            return
        block, arrays = received[0]["block"][0].as_py(), joined(received)
        del received
        fixed, ends = arrays["fixed"].view(np.float32).reshape(-1, rank), arrays["ends"].view(np.int32)
        entries = arrays["weights"].view(np.float32), arrays["columns"].view(np.int32), ends
        pairs = scipy.sparse.csr_matrix(entries, (len(ends) - 1, len(fixed)))
        own = arrays.get("own")
        x = np.zeros((len(ends) - 1, rank), np.float32) if own is None else own.view(np.float32).reshape(-1, rank)
        penalties = regularisation(ends, reg, reg_exponent).astype(np.float32)
        compiled = kernel()
        with np.errstate(over="ignore", invalid="ignore"):
            loss = compiled.conjugate_gradient(pairs, fixed, gram, x, penalties, alpha, map)
            penalty = float(penalties @ np.einsum("uk,uk->u", x, x))
            yield from solved(block, int(edges[block]), x, compiled.gram(x, map), loss, penalty)

    return improve


def solved(
    block: int, first: int, factors: np.ndarray, gram: np.ndarray, loss: float, penalty: float
) -> Iterator[pa.RecordBatch]:
    """A block's factors, numbered by position, and its part of the Gram matrix and of the sums, as float64."""
    yield from pieces(block, FACTORS, factors, first)
    yield row(block, GRAM, block, gram.astype(np.float64).tobytes())
    yield row(block, SUMS, block, np.array([loss, penalty]).tobytes())


def adding(rank: int) -> OnRows:
    """Adds up Gram matrices and sums, in the order in which they come."""

    def add(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        total = {GRAM: np.zeros(rank * rank), SUMS: np.zeros(2)}
        with np.errstate(over="ignore", invalid="ignore"):
            for batch in batches:
                for what, piece in zip(batch["what"].to_pylist(), batch["piece"], strict=True):
                    total[what] += np.frombuffer(piece.as_buffer(), np.float64)
        for what, values in total.items():
            yield row(0, what, 0, values.tobytes())

    return add
