"""Spoiled history rows: one on two days of every three, each kind in turn, and a late correction now and then."""

import datetime
from collections.abc import Callable
from typing import Any

from demo_api.dirt_entities import BEYOND_64_BITS, FUTURE, IMPOSSIBLE_DATE, with_values, without
from demo_api.sessions import Session

Row = dict[str, Any]
# When a row is first served, and the row.
Timed = tuple[datetime.datetime, Row]
# From a session and its row, what is served in the row's place.
Kind = Callable[[Session, Row], list[Timed]]

UNKNOWN_USER = 9_000_001
UNKNOWN_TRACKS = [9_000_002, 9_000_003]
# Every twelfth day, one of those on which nothing else is spoiled, a session of the day before is corrected.
OVERNIGHT = 2
CORRECTED_AFTER = datetime.timedelta(minutes=20)


def _spoiled(spoil: Callable[[Row], Row]) -> Kind:
    return lambda session, row: [(session.end, spoil(row))]


def _user_as_text(row: Row) -> Row:
    return row | {"user_id": str(row["user_id"])}


def _user_negative(row: Row) -> Row:
    return row | {"user_id": -row["user_id"]}


def _second_item(item: Any) -> Callable[[Row], Row]:
    """Put something else in the place of the second item."""
    return lambda row: row | {"items": [row["items"][0], item, *row["items"][2:]]}


def _unknown_tracks(row: Row) -> Row:
    return row | {"items": UNKNOWN_TRACKS + row["items"][2:]}


def _repeated(session: Session, row: Row) -> list[Timed]:
    return [(session.end, row), (session.end, row)]


def _correction(session: Session, moment: datetime.datetime) -> Timed:
    """The session once more, with a later ``updated_at`` and its last play gone."""
    return moment, session.row() | {"items": session.tracks[:-1], "updated_at": moment.isoformat()}


def _corrected(session: Session, row: Row) -> list[Timed]:
    return [(session.end, row), _correction(session, session.end + CORRECTED_AFTER)]


KINDS: tuple[Kind, ...] = (
    _spoiled(with_values(user_id=None)),
    _spoiled(with_values(items=None)),
    _corrected,
    _spoiled(with_values(items=[])),
    _spoiled(_unknown_tracks),
    _spoiled(with_values(user_id=UNKNOWN_USER)),
    _repeated,
    _spoiled(_second_item(None)),
    _spoiled(with_values(created_at=IMPOSSIBLE_DATE)),
    _spoiled(_second_item("17")),
    _spoiled(_user_as_text),
    _spoiled(with_values(created_at=FUTURE, updated_at=FUTURE)),
    _spoiled(without("updated_at")),
    _spoiled(_user_negative),
    _spoiled(with_values(items="12,15")),
    _spoiled(with_values(user_id=BEYOND_64_BITS)),
)


def kind_of(day: datetime.date) -> Kind | None:
    """What is spoiled on a day: every third day nothing."""
    triple, place = divmod(day.toordinal(), 3)
    return KINDS[(2 * triple + place) % len(KINDS)] if place < 2 else None


def history_rows(day: datetime.date, ended: list[Session], day_before: list[Session]) -> list[Row]:
    """The rows that a day adds to the history, in the order of the sessions' ends.

    Args:
        ended: the sessions that ended on the day, in the order of their ends.
        day_before: those that ended on the day before.
    """
    # The middle of the list ends in the afternoon, which leaves time for a correction on the same day.
    chosen, kind = len(ended) // 2, kind_of(day)
    timed: list[Timed] = []
    for place, session in enumerate(ended):
        row = session.row()
        timed += kind(session, row) if kind and place == chosen else [(session.end, row)]
    if day.toordinal() % 12 == OVERNIGHT:
        nine = datetime.datetime.combine(day, datetime.time(9))
        timed.append(_correction(day_before[len(day_before) // 3], nine))
    return [row for _, row in sorted(timed, key=lambda pair: pair[0])]
