"""The rules of decisions: pure functions of figures and settings. What they say is kept in ``decisions``."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Decision:
    """What to do, why in words, and the figures behind it."""

    decision: str
    reason: str
    figures: dict


def too_few(users: int, needed: int) -> str:
    """In words, that a figure is of too few users to decide anything; empty where it is not."""
    return "" if users >= needed else f"too few: {users:,} users, {needed:,} needed"


def over(users: int, needed: int) -> str:
    """The end of a sentence about a figure: of how many users it is, or that they are too few."""
    few = too_few(users, needed)
    return f" ({few})" if few else f", over {users:,} users"
