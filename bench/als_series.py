"""Series about the compiled ALS: how it grows, what else it is held against. Each command is a series.

python -m bench.als_series table     from the ``listens`` table to factors in one process, beside implicit
python -m bench.als_series quality   NDCG@10 on real listens beside implicit's, with the same parameters
python -m bench.als_series memory    peak memory of a fit beside packed interactions and factors, as users grow
python -m bench.als_series pairs     time for each pair, as pairs grow and users and tracks with them
python -m bench.als_series cluster   blocks on a standalone cluster of one and of two one-core workers
python -m bench.als_series profiles  plays to pairs and blocks with Spark's settings for little and for much data

Synthetic pairs, targets and parameters are those of ``bench_als``; ``--help`` lists the sizes.
"""

import argparse
import contextlib
import os
import pathlib
import statistics
import tempfile
import time

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as implicit asks for; read when numpy is loaded

import numpy as np
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from bench import bench_als, bench_quality
from bench.memory import peak_of
from bench.plays import DATE, shaped, write_plays
from bench.standalone import cluster, session
from conf.settings import AlsSettings
from jobs.model.pairs import plays_as_of, weighted
from jobs.model.solvers.csr import PackedPairs, from_frame, pack
from jobs.runtime.frames import SparkLake

TARGET_TABLE, TARGET_MEMORY, TARGET_PAIR, TARGET_NDCG = 1.2, 3.0, 1.2, 0.99
SEEDS = range(1, 9)


def table(args: argparse.Namespace) -> None:
    """Ours counts plays in Spark as the project does; theirs reads two columns by deltalake and counts in memory."""
    packed = shaped(args.pairs)
    bench_als.theirs(shaped(500), 8)
    bench_als.ours(shaped(500), 8)
    with session(args.pairs) as spark, tempfile.TemporaryDirectory() as folder:
        lake = SparkLake(folder, spark)
        print(f"{write_plays(lake, packed):,} plays, {args.pairs:,} pairs, rank {args.rank}")
        took: dict[str, list[float]] = {"ours": [], "theirs": []}
        for turn in range(args.rounds + 1):
            begun = time.perf_counter()
            pairs = weighted(plays_as_of(lake.read("listens"), DATE), DATE, {})
            counted = from_frame(pairs)
            came = time.perf_counter() - begun
            bench_als.ours(counted, args.rank)
            ours = time.perf_counter() - begun
            begun = time.perf_counter()
            rows = DeltaTable(lake.path("listens")).to_pyarrow_table(columns=["user_id", "track_id"])
            read = pack(rows["user_id"].to_numpy(), rows["track_id"].to_numpy(), np.ones(len(rows), np.float32))
            del rows
            ready = time.perf_counter() - begun
            bench_als.theirs(read, args.rank)
            theirs = time.perf_counter() - begun
            told = "" if turn else " (not counted)"
            print(
                f"  to read and pack, and in all: ours {came:.1f}, {ours:.1f} s; implicit {ready:.1f}, {theirs:.1f} s{told}"
            )
            if turn:
                took["ours"].append(ours)
                took["theirs"].append(theirs)
        if (counted.weights != packed.weights).nnz or (read.weights != packed.weights).nnz:
            raise SystemExit("the two sides did not read the same pairs")
    ratio = statistics.median(took["ours"]) / statistics.median(took["theirs"])
    print(f"  from the table: {ratio:.2f} times implicit's (target at most {TARGET_TABLE:g})")


def quality(args: argparse.Namespace) -> None:
    """Means over some seeds, since one fit is off from another by more than a hundredth."""
    plays = bench_quality.read(args.data).rename(columns={args.items: "item"})
    before, held = bench_quality.split(plays)
    training = bench_quality.packed(before)
    for rank, reg, alpha in bench_quality.IMPLICIT:
        found: dict[str, list[float]] = {"ours": [], "implicit": []}
        for seed in SEEDS:
            als = AlsSettings(
                rank=rank, reg=reg, reg_exponent=0, alpha=alpha, iterations=15, weighting="plays", seed=seed
            )
            sides = {
                "ours": bench_quality.ours(before, als),
                "implicit": bench_quality.theirs(training, rank, reg, alpha, seed),
            }
            for name, factors in sides.items():
                found[name].append(float(bench_quality.score(training, held, *factors).mean()))
        told = ", ".join(
            f"{name} {np.mean(values):.4f} ({min(values):.4f} to {max(values):.4f})" for name, values in found.items()
        )
        ratio = np.mean(found["ours"]) / np.mean(found["implicit"])
        print(f"rank {rank}, reg {reg:g}, alpha {alpha:g}: NDCG@10 {told}", flush=True)
        print(f"  ours is {ratio:.3f} of implicit's (target at least {TARGET_NDCG:g})", flush=True)


def memory(args: argparse.Namespace) -> None:
    """A fit in a process of its own, of two iterations, in one process as ``solver = local`` does."""
    found = []
    for users in args.users:
        packed_mb, peak_mb = peak_of(users, args.pairs_of_a_user, args.tracks, args.rank)
        found.append((packed_mb, peak_mb))
        print(f"{users:,} users: packed and factors {packed_mb:,.0f} MB, peak of the fit {peak_mb:,.0f} MB", flush=True)
    (first_packed, first_peak), (last_packed, last_peak) = found[0], found[-1]
    growth = (last_peak - first_peak) / (last_packed - first_packed)
    print(f"  memory grows {growth:.2f} times as fast (target at most {TARGET_MEMORY:g})")


def pairs(args: argparse.Namespace) -> None:
    bench_als.ours(shaped(500), 8)
    bench_als.theirs(shaped(500), 8)
    of_pair: dict[str, list[float]] = {"ours": [], "implicit": []}
    with contextlib.ExitStack() as stack:
        sides = {"ours": bench_als.ours, "implicit": bench_als.theirs}
        if args.blocks:
            spark = stack.enter_context(session(max(args.pairs)))
            folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
            sides["blocks"] = bench_als.in_blocks(spark, folder / "pairs.parquet")
            sides["blocks"](shaped(500), 8)
        for count in args.pairs:
            packed = bench_als.synthetic(count, args.users, args.tracks) if args.users else shaped(count)
            for name, side in sides.items():
                begun = time.perf_counter()
                *_, counted = side(packed, args.rank)
                seconds = counted.get("seconds", time.perf_counter() - begun)
                of_pair.setdefault(name, []).append(seconds / count)
                print(
                    f"{count:>12,} pairs  {name:9} {seconds:7.2f} s  {seconds / count * 1e6:.2f} us a pair", flush=True
                )
    for name, found in of_pair.items():
        print(
            f"  {name}: the slowest pair took {max(found) / min(found):.2f} times the quickest (target {TARGET_PAIR:g})"
        )


def on_cluster(args: argparse.Namespace) -> None:
    packed, took = shaped(args.pairs), []
    for workers in (1, 2):
        with tempfile.TemporaryDirectory() as folder, cluster(workers, pathlib.Path(folder)) as master:
            options = {"spark.executor.memory": "2g", "spark.cores.max": str(workers)}
            with session(args.pairs, master, **options) as spark:
                took.append(blocks_in(spark, packed, args.rank))
        fit, built = took[-1]
        print(f"{workers} one-core workers: blocks {fit:.1f} s, with building {built:.1f} s", flush=True)
    print(
        f"  two workers take {took[1][0] / took[0][0]:.2f} of one's time, {took[1][1] / took[0][1]:.2f} with building"
    )


def blocks_in(spark: SparkSession, packed: PackedPairs, rank: int) -> tuple[float, float]:
    """Seconds of a fit in blocks, and with building; a small one goes before."""
    with tempfile.TemporaryDirectory() as folder:
        fit = bench_als.in_blocks(spark, pathlib.Path(folder) / "pairs.parquet")
        fit(shaped(500), 8)
        *_, seconds = fit(packed, rank)
    return seconds["seconds"], seconds["with building"]


def profiles(args: argparse.Namespace) -> None:
    packed = shaped(args.pairs)
    for name, rows in (("little", 0), ("much", args.pairs)):
        with session(args.pairs, settings=rows) as spark, tempfile.TemporaryDirectory() as folder:
            lake = SparkLake(folder, spark)
            plays, counting = write_plays(lake, packed), []
            for _ in range(2):
                begun = time.perf_counter()
                pairs = weighted(plays_as_of(lake.read("listens"), DATE), DATE, {})
                pairs.write.format("delta").mode("overwrite").save(f"{folder}/pairs")
                counting.append(time.perf_counter() - begun)
            fit, built = blocks_in(spark, packed, args.rank)
        print(
            f"settings for {name} data: {plays:,} plays to {args.pairs:,} pairs {counting[0]:.1f} s, again "
            f"{counting[1]:.1f} s; blocks {fit:.1f} s, with building {built:.1f} s",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    series = parser.add_subparsers(required=True)

    def add(name: str, run: object, **sizes: object) -> argparse.ArgumentParser:
        own = series.add_parser(name)
        own.set_defaults(run=run)
        own.add_argument("--rank", type=int, default=64)
        for size, default in sizes.items():
            many = {"nargs": "+", "default": default} if isinstance(default, list) else {"default": default}
            own.add_argument(f"--{size.replace('_', '-')}", type=int, **many)
        return own

    add("table", table, pairs=8_830_000, rounds=3)
    add("memory", memory, users=[1_000_000, 2_000_000, 4_000_000], pairs_of_a_user=5, tracks=50_000)
    growing = add("pairs", pairs, pairs=[1_000_000, 4_000_000, 16_000_000], tracks=50_000)
    growing.add_argument("--users", type=int, help="of all sizes, and --tracks; else these grow with the pairs")
    growing.add_argument("--blocks", action="store_true", help="on Spark, too")
    add("cluster", on_cluster, pairs=8_830_000)
    add("profiles", profiles, pairs=8_830_000)
    real = add("quality", quality)
    real.add_argument("--data", type=pathlib.Path, default=bench_quality.DATA)
    real.add_argument("--items", choices=("tracks", "artists"), default="tracks")
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
