"""Lists for all users beside implicit's ``recommend``: top 20 of all tracks, heard ones left out.

python -m bench.bench_score [--users 100000 --tracks 50000 --pairs 8830000 --rank 64] [--rounds 3]

Both sides have the same factors and pairs and take turns. Ours runs on a Spark Connect server that is warm.
"""

import argparse
import contextlib
import datetime
import os
import pathlib
import statistics
import tempfile
import time
from collections.abc import Callable

import numpy as np
import pyarrow as pa
from deltalake import write_deltalake
from pyspark.sql import DataFrame
from threadpoolctl import threadpool_limits

from conf.settings import AlsSettings, Settings, SparkSettings
from conf.tables import TABLES, marker
from jobs.model.factors import FactorModel
from jobs.model.pairs import plays_as_of, weighted
from jobs.recommendation.candidates import Candidates, popularity
from jobs.recommendation.recommend import rows_of
from jobs.recommendation.scoring import histories, recommend
from jobs.runtime.frames import SparkLake
from jobs.runtime.session import persisted, spark_session
from lake.access import Lake
from lake.delta import arrow_schema
from tasks.run import jvm
from tasks.run.probe import free_port
from tasks.run.spark_server import running

TARGET = 1.3
DATE = datetime.date(2024, 3, 1)
PLAYS_OF_A_ROW = 10  # of listen_history
DIFFERENCES = """what each side does
  both      the best k of all tracks for each user, what they heard left out
  ours      reads the pairs from a Delta table, solves every user's factors anew, names three reasons for each
            recommendation, breaks ties by id, commits the lists to a Delta table; plays to pairs and popularity is
            timed beside it; in neither: the client's start, the day's catalogue and genres from their tables
            ranking alone takes the users' factors of the fit and names no reasons
  implicit  user factors of the fit, pairs ready in memory as a sparse matrix; lists stay in memory"""


def drawn_pairs(users: int, tracks: int, wanted: int) -> tuple[np.ndarray, np.ndarray]:
    """Users and tracks of distinct pairs, by user: few popular tracks, few busy users."""
    generator = np.random.default_rng(1)
    popular = 1 / np.arange(1, tracks + 1) ** 0.7
    busy = generator.gamma(1, 1, users)
    found = np.empty(0, np.int64)
    while len(found) < wanted:
        drawn = (
            generator.choice(count, wanted, p=share / share.sum())
            for count, share in ((users, busy), (tracks, popular))
        )
        owners, played = drawn
        found = np.union1d(found, owners * tracks + played)
    found = np.sort(generator.choice(found, wanted, replace=False))
    return found // tracks, found % tracks


def factors(users: int, tracks: int, rank: int) -> FactorModel:
    generator = np.random.default_rng(2)
    longer = generator.gamma(1, 0.3, (tracks, 1))
    return FactorModel(
        np.arange(tracks),
        (generator.normal(size=(tracks, rank)) * longer).astype(np.float32),
        np.arange(users),
        generator.normal(size=(users, rank)).astype(np.float32),
        {"reg": AlsSettings().reg, "alpha": AlsSettings().alpha},
    )


def write_listens(lake: Lake, owners: np.ndarray, played: np.ndarray) -> None:
    """One play of each pair, ten to a row of listen_history."""
    starts = np.searchsorted(owners, owners)
    nth = np.arange(len(owners)) - starts
    hours = (nth // PLAYS_OF_A_ROW).astype("timedelta64[h]")
    at = np.datetime64(DATE) - np.timedelta64(1, "h") - hours
    stamps = pa.array(at.astype("datetime64[us]")).cast(pa.timestamp("us", "UTC"))
    columns = {
        "user_id": owners,
        "track_id": played,
        "listened_at": stamps,
        "position": (nth % PLAYS_OF_A_ROW).astype(np.int32),
        "updated_at": stamps,
        "first_seen": pa.array([DATE] * len(owners), pa.date32()),
    }
    write_deltalake(lake.ensure("listens"), pa.table(columns, schema=arrow_schema(TABLES["listens"])), mode="append")


def pairs_of(lake: Lake, model: FactorModel, folder: str) -> float:
    """Seconds to count plays as pairs and as popularity; the pairs are in the folder's table."""
    begun = time.perf_counter()
    plays = plays_as_of(lake.read("listens").repartition("user_id"), DATE)
    with persisted(plays):
        Candidates.of(popularity(plays, numbered(lake, "track_id", len(model.track_ids)), DATE, 7).toArrow())
        weighted(plays, DATE, model.recipe).write.format("delta").mode("overwrite").save(folder)
    return time.perf_counter() - begun


def ours(
    lake: Lake, model: FactorModel, candidates: Candidates, k: int, folder: str, name: str, ranking_alone: bool = False
) -> float:
    """Seconds from the table of pairs to the lists in ``recommendations``.

    ``ranking_alone`` takes the users' factors of the fit and names no reasons, as implicit does.
    """
    begun = time.perf_counter()
    pairs = lake.spark.read.format("delta").load(folder)
    users = len(model.user_ids)
    people = histories(numbered(lake, "user_id", users), pairs, pairs)
    more = not ranking_alone
    lists = recommend(lake.spark, people, model, candidates, k, min_plays=1, fold=more, at_most=users, explain=more)
    rows = rows_of(lists, DATE, None)
    lake.replace(rows, "recommendations", marker("recommendations", name, DATE), users * k, date=DATE)
    return time.perf_counter() - begun


def numbered(lake: Lake, name: str, count: int) -> DataFrame:
    return lake.spark.range(count).withColumnRenamed("id", name)


def implicits(model: FactorModel, owners: np.ndarray, played: np.ndarray, k: int, threads: int) -> Callable[[], float]:
    """A function that makes the lists and says how many seconds that took."""
    from implicit.cpu.als import AlternatingLeastSquares
    from scipy.sparse import csr_matrix

    shape = len(model.user_ids), len(model.track_ids)
    heard = csr_matrix((np.ones(len(owners), np.float32), (owners, played)), shape)
    theirs = AlternatingLeastSquares(factors=model.track_factors.shape[1], num_threads=threads)
    theirs.user_factors, theirs.item_factors = model.user_factors, model.track_factors

    def run() -> float:
        begun = time.perf_counter()
        theirs.recommend(model.user_ids, heard, N=k, filter_already_liked_items=True)
        return time.perf_counter() - begun

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--tracks", type=int, default=50_000)
    parser.add_argument("--pairs", type=int, default=8_830_000, help="distinct (user, track)")
    parser.add_argument("--rank", type=int, default=64)
    parser.add_argument("--k", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3, help="turns that each side takes")
    parser.add_argument("--threads", type=int, default=2, help="of each side")
    args = parser.parse_args()
    print(
        f"{DIFFERENCES}\n\n{args.users:,} users, {args.tracks:,} tracks, {args.pairs:,} pairs, rank {args.rank}, "
        f"top {args.k}, {args.threads} threads, {args.rounds} rounds"
    )
    owners, played = drawn_pairs(args.users, args.tracks, args.pairs)
    model = factors(args.users, args.tracks, args.rank)
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(
            running(free_port(), folder / "spark.log", f"local[{args.threads}]", jvm.options(args.pairs))
        )
        spark = spark_session(Settings(spark=SparkSettings(remote=url)), "bench", rows=args.pairs)
        stack.callback(spark.stop)  # before the server: a client left open waits for it for minutes
        lake = SparkLake(str(folder / "lake"), spark)
        write_listens(lake, owners, played)
        # implicit has threads of its own, and asks for a BLAS without.
        stack.enter_context(threadpool_limits(1, "blas"))
        compare(lake, model, implicits(model, owners, played, args.k, args.threads), args)


def compare(lake: Lake, model: FactorModel, theirs: Callable[[], float], args: argparse.Namespace) -> None:
    """The two sides in turn, after one round that is not counted; prints medians and their ratio."""
    folder, tracks = f"{lake.root}/bench_pairs", len(model.track_ids)
    candidates = Candidates(np.arange(tracks), np.ones(tracks, np.float32))
    before, mine, alone, other = [], [], [], []
    for turn in range(args.rounds + 1):
        before.append(pairs_of(lake, model, folder))
        other.append(theirs())
        mine.append(ours(lake, model, candidates, args.k, folder, f"bench {turn}"))
        alone.append(ours(lake, model, candidates, args.k, folder, f"alone {turn}", ranking_alone=True))
    sides = {"ours": mine, "ours, ranking alone": alone, "implicit": other, "before ours, plays to pairs": before}
    for name, seconds in sides.items():
        counted = seconds[1:]
        print(f"  {name}: {statistics.median(counted):.1f} s ({min(counted):.1f} to {max(counted):.1f})")
    ratio, least = (statistics.median(side[1:]) / statistics.median(other[1:]) for side in (mine, alone))
    print(f"  ratio {ratio:.2f} (target at most {TARGET:g}), of the ranking alone {least:.2f}")
    print("  load average " + ", ".join(f"{value:.1f}" for value in os.getloadavg()))


if __name__ == "__main__":
    main()
