"""Our compiled ALS beside ``implicit``: same pairs, same parameters, same number of conjugate gradient steps.

python -m bench.bench_als [--pairs 8830000] [--users 100000] [--tracks 50000] [--ranks 64 512] [--rounds 1]
    [--sides ours blocks implicit mllib]

All sides fit the same synthetic pairs (popularity after Zipf) on the same number of threads with BLAS on one, and
take turns; the time is that of the fit alone. Each side ends with its weighted squared error, worked out by the same
code, so that a faster fit that is a worse one would show (mllib regularises otherwise, so its own is not comparable).

blocks and mllib run on a Spark Connect server that is warm, and read the pairs from Parquet; that, and making blocks of
them, is in the time "with building", not in the other one.
"""

import argparse
import contextlib
import os
import pathlib
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as implicit asks for; read when numpy is loaded

import implicit.als
import numpy as np
import pyarrow as pa
import pyarrow.parquet
import scipy.sparse
from pyspark.sql import DataFrame, SparkSession

from conf.settings import AlsSettings, Settings, SparkSettings
from jobs.model.solvers import blocks, local, mllib
from jobs.model.solvers.block_packing import side_of
from jobs.model.solvers.csr import PackedPairs, pack
from jobs.runtime.session import spark_session
from tasks.run import jvm
from tasks.run.probe import free_port
from tasks.run.spark_server import running

TARGET = 1.2  # implicit's time over ours
TARGET_BLOCKS, TARGET_BUILDING = 1.5, 2.0  # time in blocks over implicit's
SPARK = ("blocks", "mllib")
ITERATIONS, REG, ALPHA = 10, 1.0, 10.0


def synthetic(pairs: int, users: int, tracks: int, seed: int = 7) -> PackedPairs:
    """So many distinct pairs, of users who differ in how much they hear, of tracks by Zipf, with small counts."""
    draw = np.random.default_rng(seed)
    popular = 1 / (np.arange(tracks) + 10) ** 0.8
    active = draw.lognormal(0, 1, users)
    found = np.empty(0, np.int64)
    while len(found) < pairs:
        more = int((pairs - len(found)) * 1.2) + 1000
        user = draw.choice(users, more, p=active / active.sum())
        track = draw.choice(tracks, more, p=popular / popular.sum())
        found = np.unique(np.concatenate([found, user * tracks + track]))
    found = draw.permutation(found)[:pairs]
    ids = draw.permutation(tracks)  # the popular ones are not neighbours
    return pack(found // tracks, ids[found % tracks], draw.geometric(0.5, pairs))


def parameters(rank: int, reg_exponent: float = 0) -> AlsSettings:
    return AlsSettings(rank=rank, reg=REG, reg_exponent=reg_exponent, alpha=ALPHA, iterations=ITERATIONS)


# What a side gives: user factors, track factors, and seconds that count otherwise.
Fitted = tuple[np.ndarray, np.ndarray, dict[str, float]]


def ours(packed: PackedPairs, rank: int) -> Fitted:
    model = local.fit_packed(packed, parameters(rank))
    return model.user_factors, model.track_factors, {}


def in_blocks(spark: SparkSession, file: pathlib.Path) -> Callable[[PackedPairs, int], Fitted]:
    """Fits in blocks, as :func:`blocks.fit` does, but has the blocks built before the fit begins."""

    def fit(packed: PackedPairs, rank: int) -> Fitted:
        pairs, als, begun = written(spark, packed, file), parameters(rank), time.perf_counter()
        users, tracks = side_of(pairs, "user_id"), side_of(pairs, "track_id")
        with blocks.packed_twice(pairs, users, tracks) as built:
            for frame in built:
                frame.count()
            ready = time.perf_counter()
            solved = blocks.alternate(blocks.Steps(spark, als), users, tracks, *built, als)
            factors = [blocks.brought(half.rows, rank) for half in solved]
            done = time.perf_counter()
        return factors[0], factors[1], {"seconds": done - ready, "with building": done - begun}

    return fit


def by_mllib(spark: SparkSession, file: pathlib.Path) -> Callable[[PackedPairs, int], Fitted]:
    def fit(packed: PackedPairs, rank: int) -> Fitted:
        model = mllib.fit(written(spark, packed, file), parameters(rank, reg_exponent=1))
        return model.user_factors, model.track_factors, {}

    return fit


def written(spark: SparkSession, packed: PackedPairs, file: pathlib.Path) -> DataFrame:
    pairs = packed.weights.tocoo()
    columns = {"user_id": packed.user_ids[pairs.row], "track_id": packed.track_ids[pairs.col], "weight": pairs.data}
    pyarrow.parquet.write_table(pa.table(columns), file, row_group_size=500_000)
    return spark.read.parquet(str(file))


def theirs(packed: PackedPairs, rank: int) -> Fitted:
    model = implicit.als.AlternatingLeastSquares(
        rank,
        regularization=REG,
        alpha=1.0,
        iterations=ITERATIONS,
        use_gpu=False,
        num_threads=len(os.sched_getaffinity(0)),
        random_state=1,
    )
    # Its confidence is alpha x value, without the 1 of the paper; the value therefore carries it.
    confidence = packed.weights.copy()
    confidence.data = 1 + np.float32(ALPHA) * confidence.data
    model.fit(confidence, show_progress=False)
    return model.user_factors, model.item_factors, {}


def error(packed: PackedPairs, users: np.ndarray, tracks: np.ndarray) -> float:
    """Weighted squared error over all users and tracks."""
    pairs: scipy.sparse.coo_matrix = packed.weights.tocoo()
    common = float(np.sum((users.T @ users).astype(np.float64) * (tracks.T @ tracks)))
    for first in range(0, pairs.nnz, 1_000_000):
        own = slice(first, first + 1_000_000)
        scores = np.einsum("nk,nk->n", users[pairs.row[own]], tracks[pairs.col[own]])
        common += float(np.sum((1 + ALPHA * pairs.data[own]) * (1 - scores) ** 2 - scores**2, dtype=np.float64))
    return common


@contextlib.contextmanager
def sides_of(names: list[str], pairs: int, threads: int) -> Iterator[dict[str, Callable[[PackedPairs, int], Fitted]]]:
    """The sides by name, with a server for those that need one."""
    sides: dict[str, Callable[[PackedPairs, int], Fitted]] = {"ours": ours, "implicit": theirs}
    with contextlib.ExitStack() as stack:
        if set(names) & set(SPARK):
            folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
            server = running(free_port(), folder / "spark.log", f"local[{threads}]", jvm.options(pairs))
            url = stack.enter_context(server)
            spark = spark_session(Settings(spark=SparkSettings(remote=url)), "bench", rows=pairs)
            stack.callback(spark.stop)  # before the server: a client left open waits for it for minutes
            file = folder / "pairs.parquet"
            sides |= {"blocks": in_blocks(spark, file), "mllib": by_mllib(spark, file)}
        yield {name: sides[name] for name in names}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--pairs", type=int, default=8_830_000)
    arguments.add_argument("--users", type=int, default=100_000)
    arguments.add_argument("--tracks", type=int, default=50_000)
    arguments.add_argument("--ranks", type=int, nargs="+", default=[64, 512])
    arguments.add_argument("--rounds", type=int, default=1)
    arguments.add_argument(
        "--sides", nargs="+", default=["ours", "blocks", "implicit"], choices=["ours", "implicit", *SPARK]
    )
    args = arguments.parse_args()
    packed = synthetic(args.pairs, args.users, args.tracks)
    threads = len(os.sched_getaffinity(0))
    print(f"{packed.pairs:,} pairs, {args.users:,} users, {args.tracks:,} tracks, {threads} threads")
    with sides_of(args.sides, args.pairs, threads) as sides:
        begun = time.perf_counter()
        for side in sides.values():  # compile and load
            side(synthetic(500, 100, 100), 8)
        print(f"first fit of all, 500 pairs: {time.perf_counter() - begun:.1f} s")
        best = [compare(packed, rank, sides, args.rounds) for rank in args.ranks]
    if len(best) > 1:
        growth = ", ".join(f"{name} {best[-1][name] / best[0][name]:.1f} times" for name in sides)
        print(f"from rank {args.ranks[0]} to {args.ranks[-1]}: {growth}")


def compare(
    packed: PackedPairs, rank: int, sides: dict[str, Callable[[PackedPairs, int], Fitted]], rounds: int
) -> dict[str, float]:
    """Median seconds of each side, taking turns; prints them, the errors and the ratios."""
    took: dict[str, list[float]] = {}
    errors = {}
    for _ in range(rounds):
        for name, side in sides.items():
            begun = time.perf_counter()
            users, tracks, counted = side(packed, rank)
            seconds = {"seconds": time.perf_counter() - begun, **counted}
            took.setdefault(name, []).append(seconds.pop("seconds"))
            for more, value in seconds.items():
                took.setdefault(f"{name} {more}", []).append(value)
            errors[name] = error(packed, users, tracks)
    median = {name: statistics.median(seconds) for name, seconds in took.items()}
    for name, seconds in median.items():
        told = f", weighted squared error {errors[name]:.6g}" if name in errors else ""
        print(f"rank {rank:4} {name:21} {seconds:8.2f} s{told}")
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"rank {rank:4} load average {load}")
    if {"ours", "implicit"} <= median.keys():
        ratio = median["implicit"] / median["ours"]
        print(f"rank {rank:4} implicit's time is {ratio:.2f} times ours (target at least {TARGET:g})")
    if {"blocks", "implicit"} <= median.keys():
        fit, built = (median[name] / median["implicit"] for name in ("blocks", "blocks with building"))
        print(
            f"rank {rank:4} in blocks {fit:.2f} times implicit's time (target at most {TARGET_BLOCKS:g}), with building "
            f"{built:.2f} (target at most {TARGET_BUILDING:g})"
        )
    return median


if __name__ == "__main__":
    main()
