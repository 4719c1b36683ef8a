"""How good the lists are: parameters found by our search, beside popularity and ``implicit``, on real listens.

python -m bench.bench_quality [--data pairs.tsv] [--items tracks artists] [--seconds 1500]

DATA is a TSV, gzipped or not, of user, item, weight, time: with a header (names as here or as in 30Music; without a
weight each row is a play) or in this order. Times are seconds. What a user and an item have in several rows is one pair:
weights added up, the time the earliest.

Of each user with five pairs or more the last fifth by time (rounded down, one at least) is held out. Parameters
are chosen by holding out the last fifth of what is left likewise; then the model is fitted on all but the outer
holdout, which is scored once: NDCG@10 over all items but those heard, mean over the users with a held-out part.
"""

import argparse
import functools
import logging
import os
import pathlib
import sys
import time

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as implicit asks for; read when numpy is loaded

import implicit.als
import numpy as np
import pandas as pd

from conf.settings import AlsSettings
from jobs.model.solvers import local
from jobs.model.solvers.csr import PackedPairs, pack
from jobs.training.tuning.fast_ndcg import ndcg
from jobs.training.tuning.search import Search, Tuning
from jobs.training.tuning.trials import Trials, relevance

DATA = pathlib.Path(__file__).parents[2] / "shared" / "data" / "30music" / "listens.tsv.gz"
TARGETS = {"tracks": 0.0635, "artists": 0.0502}  # best seen of implicit on 30Music, chosen on the part scored
NAMES = {
    "user": ("user", "user_id", "userid"),
    "tracks": ("item", "item_id", "itemid", "track_id"),
    "artists": ("artist", "artist_id", "artistid"),
    "weight": ("weight", "plays", "count"),
    "time": ("time", "timestamp"),
}
K, DAY = 10, 86_400.0
IMPLICIT = ((64, 30.0, 40.0), (128, 30.0, 40.0))  # rank, regularisation, alpha


def read(path: pathlib.Path) -> pd.DataFrame:
    """The columns of :data:`NAMES` that the file has; weight is 1 where it has none."""
    with_header = pd.read_csv(path, sep="\t", nrows=1, header=None, dtype=str).iloc[0]
    if with_header.str.fullmatch(r"-?\d+(\.\d+)?").all():
        rows = pd.read_csv(path, sep="\t", header=None)
        rows.columns = pd.Index(["user", "item", "weight", "time"][: len(rows.columns)])
    else:
        rows = pd.read_csv(path, sep="\t")
    lower = {str(column).lower(): column for column in rows.columns}
    found = {name: lower[alias] for name, aliases in NAMES.items() for alias in aliases if alias in lower}
    if missing := {"user", "tracks", "time"} - found.keys():
        raise SystemExit(f"{path}: found columns {list(rows.columns)}, missing are {sorted(missing)}; see --help")
    plays = pd.DataFrame({name: rows[column] for name, column in found.items()})
    return plays if "weight" in plays else plays.assign(weight=1.0)


def split(plays: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of the pairs that stay, and the pairs of each user's last fifth: user, item, weight, time.

    All rows of a held-out pair are held out, later plays too.
    """
    pairs = plays.groupby(["user", "item"], as_index=False)["time"].min().sort_values(["user", "time", "item"])
    of_user = pairs.groupby("user")["item"]
    count, place = of_user.transform("size"), of_user.cumcount()
    held = pairs[(count >= 5) & (place >= count - np.maximum(1, count // 5))]
    index = pd.MultiIndex.from_frame(plays[["user", "item"]])
    return plays[~index.isin(pd.MultiIndex.from_frame(held[["user", "item"]]))], held


def packed(plays: pd.DataFrame, half_life_days: float = 0.0) -> PackedPairs:
    weight = plays["weight"].to_numpy(np.float64)
    if half_life_days:
        weight = weight * 0.5 ** ((plays["time"].max() - plays["time"].to_numpy()) / DAY / half_life_days)
    return pack(plays["user"].to_numpy(), plays["item"].to_numpy(), weight)


def tune(plays: pd.DataFrame, seconds: float) -> Tuning:
    training, held = split(plays)
    packs = functools.lru_cache(lambda half_life_days: packed(training, half_life_days))
    trials = Trials(packs, (held["user"].to_numpy(), held["item"].to_numpy()), K, seconds)
    return Search(trials, seconds, trials.typical).run(AlsSettings())


def score(training: PackedPairs, held: pd.DataFrame, users: np.ndarray, items: np.ndarray) -> np.ndarray:
    """NDCG of each user with a held-out part."""
    relevant = relevance(training, held["user"].to_numpy(), held["item"].to_numpy())
    rows = np.flatnonzero(np.diff(relevant.indptr))
    with local.threads() as run:
        return ndcg(users[rows], items, training.weights[rows], relevant[rows], K, run)


def popularity(training: PackedPairs) -> tuple[np.ndarray, np.ndarray]:
    """As factors of rank 1: items by the number of their users."""
    users = np.bincount(training.weights.indices, minlength=len(training.track_ids))
    return np.ones((len(training.user_ids), 1), np.float32), users.astype(np.float32)[:, None]


def theirs(training: PackedPairs, rank: int, reg: float, alpha: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    model = implicit.als.AlternatingLeastSquares(
        rank, regularization=reg, alpha=1.0, iterations=15, use_gpu=False, random_state=seed
    )
    confidence = training.weights.copy()
    confidence.data = 1 + np.float32(alpha) * confidence.data
    model.fit(confidence, show_progress=False)
    return model.user_factors, model.item_factors


def ours(plays: pd.DataFrame, als: AlsSettings) -> tuple[np.ndarray, np.ndarray]:
    training = packed(plays, als.half_life_days)
    model = local.fit_packed(training.weighted(als.weighting), als)
    return model.user_factors, model.track_factors


def compare(plays: pd.DataFrame, items: str, seconds: float, target: float | None) -> None:
    plays = plays.rename(columns={items: "item"})
    before, held = split(plays)
    training = packed(before)
    print(f"{items}: {training.pairs:,} pairs of {len(training.user_ids):,} users, {len(training.track_ids):,} items")

    def show(name: str, factors: tuple[np.ndarray, np.ndarray]) -> float:
        values = score(training, held, *factors)
        print(f"  {name:44} NDCG@{K} {values.mean():.4f} of {len(values):,} users", flush=True)
        return float(values.mean())

    show("popularity", popularity(training))
    for rank, reg, alpha in IMPLICIT:
        show(f"implicit, rank {rank}, reg {reg:g}, alpha {alpha:g}", theirs(training, rank, reg, alpha))
    begun = time.perf_counter()
    tuning = tune(before, seconds)
    print(f"  {len(tuning.trials)} trials in {time.perf_counter() - begun:.0f} s; the best: {tuning.best.als}")
    found = show("ours, as the search found it", ours(before, tuning.best.als))
    if target:
        print(f"  {found / target:.2f} of the target {target:.4f}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=pathlib.Path, default=DATA, help=f"TSV of listens (default: {DATA})")
    arguments.add_argument("--items", nargs="+", choices=("tracks", "artists"), help="what is ranked (default: all)")
    arguments.add_argument("--seconds", type=float, default=1500, help="time of each search (default: %(default)s)")
    args = arguments.parse_args()
    if not args.data.exists():
        raise SystemExit(f"--data: {args.data} is not there; give a TSV of user, item, weight, time")
    plays = read(args.data)
    logging.basicConfig(format="    %(relativeCreated)d ms %(message)s", level=logging.INFO, stream=sys.stdout)
    for items in args.items or [name for name in TARGETS if name in plays]:
        compare(plays, items, args.seconds, TARGETS[items] if args.data.parent.name == DATA.parent.name else None)


if __name__ == "__main__":
    main()
