"""The steps of a date's decisions, in the order in which they are taken."""

import datetime
from collections.abc import Mapping
from typing import Any

STEPS = ("retrain", "promote", "rollback")  # a rollback is made by an operator after the run
REGISTRY_FAILED = "registry"  # among a promotion's figures: what the registry did not do, and what helps

# The same order in SQL, of a column ``step``.
PLACE = (
    "CASE step "
    + " ".join(f"WHEN '{step}' THEN {place}" for place, step in enumerate(STEPS))
    + f" ELSE {len(STEPS)} END"
)


def moment(decision: Mapping[str, Any]) -> tuple[datetime.date, int]:
    """The key that sorts rows of ``decisions`` by ``date`` and ``step``; a step of a later version stands last."""
    step = decision["step"]
    return decision["date"], STEPS.index(step) if step in STEPS else len(STEPS)
