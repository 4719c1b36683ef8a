"""What was measured, as rows of ``evaluations``: of a group of users' lists, and of what they played."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from jobs.evaluation.intervals import Interval, around, bootstrap, coverage, share
from jobs.evaluation.metrics import Catalogue, Lists, per_user


@dataclasses.dataclass(frozen=True)
class Measured:
    """``users``: metrics by user_id, ascending, as :func:`jobs.evaluation.metrics.per_user` gives them.

    ``positions`` int64 (users, longest): the place in the catalogue of each listed track, -1 for none.
    """

    users: pd.DataFrame
    positions: np.ndarray
    catalogue: int

    @classmethod
    def of(cls, rows: pa.Table, relevant: pa.Table, catalogue: Catalogue, ks: Sequence[int]) -> "Measured":
        """
        Args:
            rows: user_id, rank, track_id, heard.
            relevant: user_id, track_id, each pair once.
        """
        lists = Lists.of(rows)
        users = per_user(lists, relevant, catalogue, ks)
        tracks = lists.tracks[np.isin(lists.user_ids, users.index)]
        return cls(users, catalogue.positions(tracks), len(catalogue))

    def only(self, user_ids: np.ndarray) -> "Measured":
        """The same of some of the users: those of ``user_ids`` that are there."""
        kept = np.isin(self.users.index, user_ids)
        return Measured(self.users[kept], self.positions[kept], self.catalogue)

    def figures(self) -> list[dict]:
        """metric, k, value, low, high, users for each metric and k; nothing where there are no users."""
        if self.users.empty:
            return []
        values = self.users.to_numpy()
        columns = zip(self.users.columns, values.mean(axis=0), *bootstrap(values), strict=True)
        rows = [figure(*_metric(name), around(value, bounds), len(values)) for name, value, *bounds in columns]
        if self.catalogue:
            ks = sorted({k for _, k in map(_metric, self.users.columns)})
            rows += [figure("coverage", k, coverage(self.positions[:, :k], self.catalogue), len(values)) for k in ks]
        return rows


def figure(metric: str, k: int, interval: Interval, users: int) -> dict:
    """The columns of ``evaluations`` that say what was measured."""
    value, low, high = interval
    return {"metric": metric, "k": k, "value": value, "low": low, "high": high, "users": users}


def _metric(column: str) -> tuple[str, int]:
    """Metric and k of a column such as ``ndcg_10``."""
    metric, _, k = column.rpartition("_")
    return metric, int(k)


def nothing_new_share(played: pa.Table) -> list[dict]:
    """The share of listeners who played nothing that was new to them. ``played`` as :func:`jobs.model.pairs.played`."""
    nothing_new = played.to_pandas().groupby("user_id")["heard"].all().to_numpy()
    return _share("nothing_new_share", nothing_new, np.ones(len(nothing_new)))


def play_share(metric: str, played: pa.Table, counts: np.ndarray) -> list[dict]:
    """The share of the plays that are of rows (user and track) which count: ``counts`` is bool (rows,)."""
    plays = played["plays"].to_numpy()
    sums = pd.DataFrame({"part": plays * counts, "plays": plays}).groupby(played["user_id"].to_numpy()).sum()
    return _share(metric, sums["part"].to_numpy(), sums["plays"].to_numpy())


def _share(metric: str, parts: np.ndarray, wholes: np.ndarray) -> list[dict]:
    """One figure, at k of 0, with listeners as its users; none where there are none."""
    return [figure(metric, 0, share(parts, wholes), len(wholes))] if len(wholes) else []
