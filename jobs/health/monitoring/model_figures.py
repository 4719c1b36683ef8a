"""Figures of the model and of whom it serves, from evaluations, decisions, lists and plays."""

import datetime
import json

import pyarrow.compute as pc

from conf.decisions import REGISTRY_FAILED
from conf.sql_text import midnight
from jobs.health.monitoring.series import DayFigures, Key
from lake.access import Lake
from lake.champion import champion_before

EVALUATED = {  # figure: kind, model and metric of ``evaluations``, and whether it is at k or of no list
    "live_ndcg": ("live", "als", "ndcg", True),
    "live_ndcg_popularity": ("live", "popularity_als", "ndcg", True),
    "holdout_ndcg": ("holdout", "als", "ndcg", True),
    "holdout_ndcg_popularity": ("holdout", "popularity", "ndcg", True),
    "coverage": ("live", "served", "coverage", True),
    "unknown_play_share": ("live", "als", "unknown_play_share", False),
}


def of_date(lake: Lake, date: datetime.date, k: int) -> DayFigures:
    """Figures of lists at ``k``."""
    counted = {("plays_of_day", ""): float(plays(lake, date))}
    return evaluated(lake, date, k) | served(lake, date) | counted | registry(lake, date)


def evaluated(lake: Lake, date: datetime.date, k: int) -> DayFigures:
    rows = lake.rows("evaluations", [("date", "=", date)], ["kind", "model", "metric", "k", "value", "users"])
    by_name = {(row["kind"], row["model"], row["metric"], row["k"]): row for row in rows}
    found: DayFigures = {}
    for name, (kind, model, metric, at_k) in EVALUATED.items():
        row = by_name.get((kind, model, metric, k if at_k else 0))
        if row:
            found[name, ""] = row["value"]
            if name == "live_ndcg":
                found["live_users", ""] = float(row["users"])
    return found


def served(lake: Lake, date: datetime.date) -> DayFigures:
    """Who has a list, and the champion's age."""
    first_ranks = lake.arrow("recommendations", [("date", "=", date), ("rank", "=", 1)], ["source"])
    users = len(first_ranks)
    found: DayFigures = {("users_served", ""): float(users)}
    if users:
        popular = pc.sum(pc.equal(first_ranks["source"], "popular")).as_py()
        found["popular_share", ""] = popular / users
    current = champion_before(lake, date + datetime.timedelta(days=1))
    if current:
        found["champion_age", ""] = float((date - current.since).days)
    return found


def registry(lake: Lake, date: datetime.date) -> DayFigures:
    """Whether the registry failed; no figure on a date on which nothing was to be trained."""
    failed = _of_registry(lake, date)
    return {} if failed is None else {("registry_failures", ""): float(bool(failed))}


def causes(lake: Lake, date: datetime.date) -> dict[Key, str]:
    """What the registry did not do, and what helps."""
    failed = _of_registry(lake, date)
    return {("registry_failures", ""): failed} if failed else {}


def _of_registry(lake: Lake, date: datetime.date) -> str | None:
    rows = lake.rows("decisions", [("date", "=", date), ("step", "=", "promote")], ["figures"])
    return str(json.loads(rows[0]["figures"] or "{}").get(REGISTRY_FAILED, "")) if rows else None


def plays(lake: Lake, date: datetime.date) -> int:
    """Plays that happened on the date and were known by its end; of a version that a later one replaced, too."""
    on_date = [("listened_at", ">=", midnight(date)), ("listened_at", "<", midnight(date + datetime.timedelta(days=1)))]
    return len(lake.arrow("listens", [*on_date, ("first_seen", "<=", date)], ["position"]))
