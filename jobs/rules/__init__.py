"""The rules of decisions: pure functions of figures and settings. What they say is kept in ``decisions``."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Decision:
    """What to do, why in words, and the figures behind it."""

    decision: str
    reason: str
    figures: dict
