"""Our compiled ALS beside ``implicit``: same pairs, same parameters, same number of conjugate gradient steps.

python -m bench.bench_als [--pairs 8830000] [--users 100000] [--tracks 50000] [--ranks 64 512] [--rounds 1]

Both sides fit the same synthetic pairs (popularity after Zipf) on the same number of threads with BLAS on one, and
take turns; the time is that of the fit alone. Each side ends with its weighted squared error, worked out by the same
code, so that a faster fit that is a worse one would show.
"""

import argparse
import os
import statistics
import time

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as implicit asks for; read when numpy is loaded

import implicit.als
import numpy as np
import scipy.sparse

from conf.settings import Als
from jobs.solvers import local
from jobs.solvers.packed import Packed, pack

TARGET = 1.2
ITERATIONS, REG, ALPHA = 10, 1.0, 10.0


def synthetic(pairs: int, users: int, tracks: int, seed: int = 7) -> Packed:
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


def ours(packed: Packed, rank: int) -> tuple[np.ndarray, np.ndarray]:
    als = Als(rank=rank, reg=REG, reg_exponent=0, alpha=ALPHA, iterations=ITERATIONS)
    model = local.fit_packed(packed, als)
    return model.user_factors, model.track_factors


def theirs(packed: Packed, rank: int) -> tuple[np.ndarray, np.ndarray]:
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
    return model.user_factors, model.item_factors


def error(packed: Packed, users: np.ndarray, tracks: np.ndarray) -> float:
    """Weighted squared error over all users and tracks."""
    pairs: scipy.sparse.coo_matrix = packed.weights.tocoo()
    common = float(np.sum((users.T @ users).astype(np.float64) * (tracks.T @ tracks)))
    for first in range(0, pairs.nnz, 1_000_000):
        own = slice(first, first + 1_000_000)
        scores = np.einsum("nk,nk->n", users[pairs.row[own]], tracks[pairs.col[own]])
        common += float(np.sum((1 + ALPHA * pairs.data[own]) * (1 - scores) ** 2 - scores**2, dtype=np.float64))
    return common


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--pairs", type=int, default=8_830_000)
    arguments.add_argument("--users", type=int, default=100_000)
    arguments.add_argument("--tracks", type=int, default=50_000)
    arguments.add_argument("--ranks", type=int, nargs="+", default=[64, 512])
    arguments.add_argument("--rounds", type=int, default=1)
    args = arguments.parse_args()
    packed = synthetic(args.pairs, args.users, args.tracks)
    threads = len(os.sched_getaffinity(0))
    print(f"{packed.pairs:,} pairs, {args.users:,} users, {args.tracks:,} tracks, {threads} threads")
    sides = {"ours": ours, "implicit": theirs}
    begun = time.perf_counter()
    for side in sides.values():  # compile and load
        side(synthetic(500, 100, 100), 8)
    print(f"first fit of both, 500 pairs: {time.perf_counter() - begun:.1f} s")
    best: dict[str, list[float]] = {name: [] for name in sides}
    for rank in args.ranks:
        took: dict[str, list[float]] = {name: [] for name in sides}
        errors = {}
        for _ in range(args.rounds):
            for name, side in sides.items():
                begun = time.perf_counter()
                factors = side(packed, rank)
                took[name].append(time.perf_counter() - begun)
                errors[name] = error(packed, *factors)
        for name in sides:
            best[name].append(statistics.median(took[name]))
            print(f"rank {rank:4} {name:8} {best[name][-1]:8.2f} s, weighted squared error {errors[name]:.6g}")
        ratio = best["implicit"][-1] / best["ours"][-1]
        print(f"rank {rank:4} implicit's time is {ratio:.2f} times ours (target at least {TARGET:g})")
    if len(args.ranks) > 1:
        growth = ", ".join(f"{name} {seconds[-1] / seconds[0]:.1f} times" for name, seconds in best.items())
        print(f"from rank {args.ranks[0]} to {args.ranks[-1]}: {growth}")


if __name__ == "__main__":
    main()
