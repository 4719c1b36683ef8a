"""What may go wrong upstream, on request: each is a change of what is served, the same for the same snapshot."""

import dataclasses
from collections.abc import Callable, Iterable

from demo_api.snapshot import ServedState

SLOW = "slow"
SLOW_SECONDS = 1.0  # that a page of history then takes
LOST = 0.6  # share of history rows that are gone
NULLED = 0.6  # share of users whose favourite genres are null
REPEATED = 0.05  # share of history rows that are served twice


def _every(share: float, place: int) -> bool:
    """Whether a place is one of so many, spread evenly."""
    return int((place + 1) * share) > int(place * share)


def history_lost(snapshot: ServedState) -> ServedState:
    kept = [row for place, row in enumerate(snapshot.listen_history) if not _every(LOST, place)]
    return dataclasses.replace(snapshot, listen_history=kept)


def genres_null(snapshot: ServedState) -> ServedState:
    users = [
        row | {"favorite_genres": None} if _every(NULLED, place) else row for place, row in enumerate(snapshot.users)
    ]
    return dataclasses.replace(snapshot, users=users)


def history_repeated(snapshot: ServedState) -> ServedState:
    rows = [
        served for place, row in enumerate(snapshot.listen_history) for served in [row] * (1 + _every(REPEATED, place))
    ]
    return dataclasses.replace(snapshot, listen_history=rows)


FAULTS: dict[str, Callable[[ServedState], ServedState]] = {
    "history-lost": history_lost,
    "genres-null": genres_null,
    "history-repeated": history_repeated,
    SLOW: lambda snapshot: snapshot,
}


def spoiled(snapshot: ServedState, faults: Iterable[str]) -> ServedState:
    """The snapshot with the faults named.

    Raises:
        ValueError: there is no such fault.
    """
    for name in faults:
        if name not in FAULTS:
            raise ValueError(f"{name}: not a fault; there are {', '.join(FAULTS)}")
        snapshot = FAULTS[name](snapshot)
    return snapshot
