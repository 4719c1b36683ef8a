"""Figures as text: each beside popularity's for the same users, those of too few users marked."""

import dataclasses
from typing import Any

from jobs.training.decision import too_few

Row = dict[str, Any]

# Which model's rows are shown, under what name, beside whose for the same users.
GROUPS = {
    "live": (
        ("als", "the model's lists", "popularity_als"),
        ("served", "all lists", "popularity"),
        ("fallback", "the fallback for all", "popularity"),
        ("als_known", "users known when it was fitted", "popularity_known"),
        ("als_unfolded", "the same, not folded in", "popularity_known"),
        ("als_new", "users new since", "popularity_new"),
    ),
    "holdout": (
        ("als", "the challenger", "popularity"),
        ("champion", "the champion", "popularity"),
        ("fallback", "the fallback for all", "popularity"),
    ),
}
OF_LISTS = ("coverage", "novelty", "repeats")
SHARES = {
    "repeat_play_share": "of the plays are of tracks heard before, which figures of new tracks leave out",
    "nothing_new_share": "of the listeners heard nothing new",
    "unknown_play_share": "of the plays are of tracks that the model does not know",
}


@dataclasses.dataclass(frozen=True)
class Comparison:
    """A group's figures at k by metric, and those of popularity for the same users. ``few`` is a warning, or empty."""

    name: str
    ours: dict[str, Row]
    theirs: dict[str, Row]
    few: str

    @property
    def users(self) -> int:
        return int(self.ours["ndcg"]["users"])


def comparisons(rows: list[Row], kind: str, k: int, min_users: int) -> dict[str, Comparison]:
    """By model, those that have NDCG at k. ``rows`` are of ``evaluations``, of one date and kind."""
    found: dict[str, dict[str, Row]] = {}
    for row in rows:
        if row["k"] == k:
            found.setdefault(row["model"], {})[row["metric"]] = row
    return {
        model: Comparison(
            name, found[model], found.get(beside, {}), too_few(int(found[model]["ndcg"]["users"]), min_users)
        )
        for model, name, beside in GROUPS[kind]
        if "ndcg" in found.get(model, {})
    }


def shares(rows: list[Row]) -> list[tuple[Row, str]]:
    """The shares over all that was played, and what each is a share of."""
    by_metric = {row["metric"]: row for row in rows if row["k"] == 0}
    return [(by_metric[metric], text) for metric, text in SHARES.items() if metric in by_metric]


def shown(row: Row) -> str:
    """A value as text."""
    metric, value = row["metric"], row["value"]
    if metric == "novelty":
        return f"{value:.1f} bits"
    return f"{value:.1%}" if metric in ("coverage", "repeats") or metric in SHARES else f"{value:.4f}"


def between(row: Row) -> str:
    """Its interval; empty where it has none."""
    if row["low"] is None:
        return ""
    return f"{shown({**row, 'value': row['low']})} to {shown({**row, 'value': row['high']})}"
