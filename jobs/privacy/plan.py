"""What the accounting of past dates has to say of a user's rows: from which outcome they move to ``suppressed``.

Pure. The outcomes are those that cleaning found (:mod:`jobs.cleaning`): quarantine's own rows say which units broke
which rule; of the rest, of the rows with one key the one with the latest ``updated_at`` stood, its plays up to the date
were clean, later ones later; the others were duplicates.
"""

import collections
import datetime
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from conf.contract import LISTENS, Entity, is_of_a_play
from conf.sql_text import midnight
from jobs.cleaning import forms
from jobs.cleaning.forms import Context
from jobs.cleaning.suppressed import parsed
from lake.suppression import units, user_of

Moves = dict[str, int]  # units by outcome
NEVER = datetime.datetime.max.replace(tzinfo=datetime.UTC)  # of a fetch: no stamp lies after it


def is_theirs(entity: Entity, row: str, user_id: int) -> bool:
    """Whether a row of quarantine, as its JSON text, names the id."""
    return user_of(entity, parsed(row)) == user_id


def moves(
    entity: Entity,
    rows: Sequence[Mapping[str, Any]],
    quarantined: Sequence[Mapping[str, Any]],
    date: datetime.date,
    timezone: str,
) -> Moves:
    """The user's units in a snapshot, by the outcome that they had when ``date`` was cleaned from it.

    Args:
        rows: of the snapshot, as parsed.
        quarantined: rows of quarantine of that date and entity.
    """
    bad = collections.Counter(_key(parsed(row["row"])) for row in quarantined)
    broken = {_key(parsed(row["row"])): row["reasons"] for row in quarantined}
    good: dict[Any, list[tuple[datetime.datetime, str, int]]] = collections.defaultdict(list)
    for row in rows:
        parts = _parts(entity, row)
        left = [part for part in parts if not _take(bad, _key(part))]
        whole = any(_of_the_row(row, broken.get(_key(part), ())) for part in parts)
        if not whole and (left or entity is LISTENS) and (stamp := moment(row.get("updated_at"), timezone)):
            key = moment(row.get("created_at"), timezone) if entity is LISTENS else user_of(entity, row)
            good[key].append((stamp, json.dumps(row, sort_keys=True), len(left)))
    found = collections.Counter({"quarantined": len(quarantined)})
    end = midnight(date + datetime.timedelta(days=1))
    for key, versions in good.items():
        *older, newest = sorted(versions)
        found["duplicate"] += sum(count for _, _, count in older)
        found["later" if entity is LISTENS and key and key >= end else "clean"] += newest[2]
    total = sum(units(row) for row in rows)
    # A row that no rule above explains counts as clean: the sum is what has to hold.
    found["clean"] = max(0, found["clean"] + total - found.total())
    return {name: count for name, count in found.items() if count}


def moves_of_tables(
    entity: Entity, plays: Iterable[Mapping[str, Any]], is_user: bool, quarantined: int, date: datetime.date
) -> Moves:
    """As :func:`moves`, where the raw folder is not kept any more: from what the tables say that the date held.

    Args:
        plays: the user's rows of ``listens``.
        is_user: whether the date had them among its users.
    """
    newest: dict[datetime.datetime, tuple[datetime.datetime, int]] = {}
    for play in plays:
        if play["first_seen"] <= date:
            stamp, count = newest.get(play["listened_at"], (play["updated_at"], 0))
            if play["updated_at"] > stamp:
                stamp, count = play["updated_at"], 0
            newest[play["listened_at"]] = (stamp, count + (play["updated_at"] == stamp))
    clean = sum(count for _, count in newest.values()) if entity is LISTENS else int(is_user)
    return {name: count for name, count in (("clean", clean), ("quarantined", quarantined)) if count}


def moved(row: Mapping[str, Any], moves: Moves, reasons: Mapping[str, int]) -> dict[str, Any]:
    """A row of ``accounting`` with the units moved to ``suppressed``; no outcome falls below 0, and the sum stays."""
    taken = {name: min(count, row[name]) for name, count in moves.items()}
    counts = {name: row[name] - count for name, count in taken.items()}
    said = json.loads(row["reasons"] or "{}")
    said = {name: count - reasons.get(name, 0) for name, count in said.items() if count > reasons.get(name, 0)}
    return {**row, **counts, "suppressed": row["suppressed"] + sum(taken.values()), "reasons": json.dumps(said)}


def moment(text: Any, timezone: str) -> datetime.datetime | None:
    """A stamp as served in UTC, as cleaning reads it; one without a zone is of ``timezone``."""
    return forms.timestamp(text, Context(NEVER, timezone)) if isinstance(text, str) else None


def _parts(entity: Entity, row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The row as quarantine would keep it: of listens, a row for each play."""
    items = row.get("items")
    if entity is not LISTENS or not isinstance(items, list) or not items:
        return [dict(row)]
    return [{**row, "items": [item]} for item in items]


def _key(row: Mapping[str, Any]) -> str:
    """What a row and its copy in quarantine have in common: there names are masked."""
    return json.dumps([row.get(name) for name in ("id", "user_id", "items", "created_at", "updated_at")])


def _take(bad: collections.Counter[str], key: str) -> bool:
    if bad[key] <= 0:
        return False
    bad[key] -= 1
    return True


def _of_the_row(row: Mapping[str, Any], reasons: Iterable[str]) -> bool:
    """Whether a rule is broken by the whole row, which no play of it survives."""
    plays = isinstance(row.get("items"), list) and bool(row["items"])
    return any(not (plays and is_of_a_play(reason)) for reason in reasons)
