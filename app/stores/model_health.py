"""How the model does: rows of evaluations and decisions, put together for a page."""

from collections.abc import Iterable, Mapping
from typing import Any

from app.stores.store import DecisionRow, Live, ModelHealth

DAYS = 30  # of live figures shown


def health_of(
    k: int,
    live: Iterable[Mapping[str, Any]],
    decisions: Iterable[Mapping[str, Any]],
    champion: Iterable[Mapping[str, Any]],
) -> ModelHealth:
    """
    Args:
        live: date, model (als or popularity_als), model_version, value, low, high and users, in the order of dates.
        decisions: those of the day, in the order of steps.
        champion: at most one row, the newest promotion or rollback.
    """
    made = [_decision(row) for row in champion]
    return {
        "k": k,
        "live": _live(list(live)),
        "decisions": [_decision(row) for row in decisions],
        "champion": made[0] if made else None,
    }


def _live(rows: list[Mapping[str, Any]]) -> list[Live]:
    """The dates that have both figures."""
    beside = {row["date"]: row["value"] for row in rows if row["model"] == "popularity_als"}
    return [
        Live(
            date=row["date"],
            model_version=row["model_version"],
            ndcg=row["value"],
            low=row["low"],
            high=row["high"],
            popularity=beside[row["date"]],
            users=row["users"],
        )
        for row in rows
        if row["model"] == "als" and row["date"] in beside
    ]


def _decision(row: Mapping[str, Any]) -> DecisionRow:
    return DecisionRow(
        date=row["date"],
        step=row["step"],
        decision=row["decision"],
        reason=row["reason"] or "",
        model_version=row["model_version"] or "",
    )
