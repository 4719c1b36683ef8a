"""The steps of a date's decisions, in the order in which they are taken."""

import datetime
from collections.abc import Mapping
from typing import Any

STEPS = ("retrain", "promote", "rollback")  # a rollback is what a person does after the run

# The same order in SQL, of a column ``step``.
PLACE = "CASE step " + " ".join(f"WHEN '{step}' THEN {place}" for place, step in enumerate(STEPS)) + " END"


def moment(decision: Mapping[str, Any]) -> tuple[datetime.date, int]:
    """The key that sorts rows of ``decisions`` by their columns ``date`` and ``step``."""
    return decision["date"], STEPS.index(decision["step"])
