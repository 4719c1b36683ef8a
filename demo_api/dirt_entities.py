"""Spoiled tracks and users: a few rows of each kind that cleaning must find.

They stand at fixed ids. Those whose row becomes unusable are never played, or never listen, so that
history does not lose its references; repeated rows and older versions may stand beside any row.
"""

import datetime
from collections.abc import Callable, Mapping
from typing import Any

Row = dict[str, Any]
Spoil = Callable[[Row], Row]

BEYOND_64_BITS = 2**63
IMPOSSIBLE_DATE = "2026-02-30T10:00:00"
FUTURE = "2199-01-01T00:00:00"


def with_values(**values: Any) -> Spoil:
    """The row with other values."""
    return lambda row: row | values


def without(*names: str) -> Spoil:
    """The row without some of its fields."""
    return lambda row: {name: value for name, value in row.items() if name not in names}


def _id_as_text(row: Row) -> Row:
    return row | {"id": str(row["id"])}


def _id_negative(row: Row) -> Row:
    return row | {"id": -row["id"]}


def _id_beyond_64_bits(row: Row) -> Row:
    return row | {"id": BEYOND_64_BITS + row["id"]}


def _all(*spoils: Spoil) -> Spoil:
    def apply(row: Row) -> Row:
        for spoil in spoils:
            row = spoil(row)
        return row

    return apply


SPOILED_TRACKS: Mapping[int, Spoil] = {
    151: with_values(id=None),
    1151: with_values(id=None),
    202: without("id"),
    303: _id_as_text,
    1303: _id_as_text,
    404: _id_negative,
    1404: _id_negative,
    505: _id_beyond_64_bits,
    1505: _id_beyond_64_bits,
    606: without("name"),
    1606: with_values(artist=None),
    707: with_values(name=1999),
    808: with_values(name=""),
    1808: with_values(artist="   "),
    909: with_values(duration="3:7x"),
    1909: with_values(duration="03:75"),
    1010: with_values(created_at=IMPOSSIBLE_DATE),
    2010: with_values(updated_at=IMPOSSIBLE_DATE),
    1111: with_values(created_at=FUTURE, updated_at=FUTURE),
    2111: with_values(updated_at=FUTURE),
}
REPEATED_TRACKS = frozenset({77, 2222})
OUTDATED_TRACKS = frozenset({88, 2333})

# There are fewer users, so most of their spoiled rows break more than one rule.
SPOILED_USERS: Mapping[int, Spoil] = {
    101: with_values(id=None),
    202: _all(_id_as_text, with_values(first_name=7)),
    303: _all(_id_negative, with_values(email="no address")),
    404: _id_beyond_64_bits,
    505: _all(without("last_name"), with_values(first_name="")),
    606: with_values(created_at=IMPOSSIBLE_DATE, updated_at=FUTURE),
}
REPEATED_USERS = frozenset({77})
OUTDATED_USERS = frozenset({88})


def spoil_tracks(rows: list[Row]) -> list[Row]:
    """Tracks in the order of ids, spoiled where the tables above say so."""
    return _spoil(rows, SPOILED_TRACKS, REPEATED_TRACKS, OUTDATED_TRACKS, {"album": "Demo Tapes"})


def spoil_users(rows: list[Row]) -> list[Row]:
    """Users in the order of ids, spoiled where the tables above say so."""
    return _spoil(rows, SPOILED_USERS, REPEATED_USERS, OUTDATED_USERS, {"favorite_genres": "pop"})


def _spoil(
    rows: list[Row], spoiled: Mapping[int, Spoil], repeated: frozenset[int], outdated: frozenset[int], earlier: Row
) -> list[Row]:
    served = []
    for row in rows:
        number = row["id"]
        served.append(spoiled[number](row) if number in spoiled else row)
        if number in repeated:
            served.append(row)
        if number in outdated:
            served.append(row | earlier | {"updated_at": _a_month_before(row["updated_at"])})
    return served


def _a_month_before(stamp: str) -> str:
    return (datetime.datetime.fromisoformat(stamp) - datetime.timedelta(days=30)).isoformat()
