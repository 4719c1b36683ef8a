"""What the tables hold by the rules of docs/explanation/cleaning.md and docs/reference/quarantine.md.

Plain Python and slow, written from those pages alone: nothing of :mod:`jobs` is used. The one thing that is taken from
a run is when its snapshot was fetched.
"""

import collections
import dataclasses
import datetime
import json
from collections.abc import Iterable
from typing import Any

from tests.odd_days.oracle_values import ITEMS, Judge, Verdict
from tests.odd_days.rows import Row

Table = collections.Counter  # of rows as JSON
Snapshot = dict[str, list[Row]]

# Field: its kind, and its column.
TRACKS = {
    "id": ("id", "track_id"),
    "name": ("text", "name"),
    "artist": ("text", "artist"),
    "songwriters": ("text?", "songwriters"),
    "duration": ("duration", "duration_s"),
    "genres": ("text?", "genres"),
    "album": ("text?", "album"),
    "created_at": ("stamp", "created_at"),
    "updated_at": ("stamp", "updated_at"),
}
USERS = {
    "id": ("id", "user_id"),
    "first_name": ("text", "first_name"),
    "last_name": ("text", "last_name"),
    "email": ("email", "email"),
    "gender": ("text?", "gender"),
    "favorite_genres": ("text?", "favorite_genres"),
    "created_at": ("stamp", "created_at"),
    "updated_at": ("stamp", "updated_at"),
}
HISTORY = {
    "user_id": ("id", "user_id"),
    "items": (ITEMS, "track_id"),
    "created_at": ("stamp", "listened_at"),
    "updated_at": ("stamp", "updated_at"),
}
FIELDS = {"tracks": TRACKS, "users": USERS, "listen_history": HISTORY}
SHOWN_OF_USERS = set(USERS) - {"first_name", "last_name", "email"}
HIDDEN = '"***"'
COUNTS = ("clean", "duplicate", "quarantined", "later", "suppressed")


@dataclasses.dataclass
class Judged:
    """A row with its values by column, and what it breaks; of history, what each item breaks too."""

    row: Row
    values: dict[str, Any]
    reasons: list[str]
    items: list[Verdict]

    @property
    def order(self) -> tuple:
        """Of rows with one key the greatest stands: the latest, and of one moment the one whose text sorts last."""
        return self.values["updated_at"], self.row.text.encode()


class Oracle:
    """The tables of a lake, day by day, oldest first."""

    def __init__(self, timezone: str) -> None:
        self.timezone = timezone
        self.tracks: dict[int, dict[str, Any]] = {}
        self.users: dict[int, dict[str, Any]] = {}
        self.plays: dict[tuple, dict[str, Any]] = {}
        self.spans: dict[str, list[dict[str, Any]]] = {"tracks_served": [], "users_served": []}
        self.quarantine: list[dict[str, Any]] = []
        self.accounting: list[dict[str, Any]] = []
        self.served: dict[datetime.date, dict[str, set[int]]] = {}  # the ids of each date's clean tracks and users

    def add(
        self,
        date: datetime.date,
        snapshot: Snapshot,
        snapshot_date: datetime.date,
        fetched: dict[str, datetime.datetime],
    ) -> None:
        """A date's run.

        Args:
            snapshot: what the API served for ``snapshot_date``.
            fetched: when each entity was fetched.
        """
        judges = {name: Judge(FIELDS[name], self.timezone, fetched[name]) for name in FIELDS}
        judged = {name: [self._judged(judges[name], each) for each in snapshot[name]] for name in FIELDS}
        good = {name: {one.values["id"] for one in judged[name] if not one.reasons} for name in ("tracks", "users")}
        self.served[date] = good
        said = {"date": date, "revision": 1, "snapshot_date": snapshot_date}
        for name, table in (("tracks", self.tracks), ("users", self.users)):
            clean = self._settle(name, date, judged[name], {**said, "entity": name, "rows": len(snapshot[name])})
            self._merge(FIELDS[name], table, clean, date)
            self._span(name, clean, date)
        self._plays(date, judged["listen_history"], good, {**said, "rows": len(snapshot["listen_history"])})

    def tables(self) -> dict[str, Table]:
        rows: dict[str, Iterable[dict[str, Any]]] = {
            "tracks": self.tracks.values(),
            "users": self.users.values(),
            "listens": self.plays.values(),
            "quarantine": self.quarantine,
            "accounting": self.accounting,
            **self.spans,
        }
        return {name: collections.Counter(map(plain, each)) for name, each in rows.items()}

    def heard(self, date: datetime.date) -> dict[int, set[int]]:
        """What each user has heard by the end of the date; of a history row the newest version that was known counts."""
        end = midnight_after(date)
        known = [one for one in self.plays.values() if one["first_seen"] <= date and one["listened_at"] < end]
        newest: dict[tuple, datetime.datetime] = {}
        for one in known:
            key = one["user_id"], one["listened_at"]
            newest[key] = max(newest.get(key, one["updated_at"]), one["updated_at"])
        found: dict[int, set[int]] = collections.defaultdict(set)
        for one in known:
            if one["updated_at"] == newest[one["user_id"], one["listened_at"]]:
                found[one["user_id"]].add(one["track_id"])
        return found

    @staticmethod
    def _judged(judge: Judge, row: Row) -> Judged:
        if row.bare:
            return Judged(row, {}, ["not_an_object"], [])
        values, reasons, items = {}, [], []
        for name, verdict in judge.verdicts(row):
            values[name] = verdict.value
            reasons += [f"{name}_{rule}" for rule in verdict.broken]
            items = verdict.items or items
        return Judged(row, values, reasons, items)

    def _settle(self, name: str, date: datetime.date, judged: list[Judged], said: dict[str, Any]) -> list[Judged]:
        """The clean rows of tracks or users; what is bad goes to quarantine, and all is counted."""
        clean = newest_of(judged, "id")
        bad = [one for one in judged if one.reasons]
        for one in bad:
            text = masked(one.row) if name == "users" else one.row.text
            self._keep(date, name, one.reasons, text)
        outcomes = {"clean": len(clean), "quarantined": len(bad), "duplicate": len(judged) - len(bad) - len(clean)}
        self._account(said, outcomes, [reason for one in bad for reason in one.reasons])
        return clean

    @staticmethod
    def _merge(fields: dict, table: dict[int, dict[str, Any]], clean: list[Judged], date: datetime.date) -> None:
        for one in clean:
            row = {column: one.values[name] for name, (_, column) in fields.items()}
            first = table.get(one.values["id"], {"first_seen": date})["first_seen"]
            table[one.values["id"]] = {**row, "first_seen": first, "last_seen": date}

    def _span(self, name: str, clean: list[Judged], date: datetime.date) -> None:
        """From the date on the clean rows are served with their genres; what is not goes until before the date."""
        key, genres = ("track_id", "genres") if name == "tracks" else ("user_id", "favorite_genres")
        spans = self.spans[f"{name}_served"]
        wanted = {one.values["id"]: one.values[genres] for one in clean}
        for span in spans:
            if span["served_until"] is None and span[key] in wanted and wanted[span[key]] == span["genres"]:
                del wanted[span[key]]
            elif span["served_until"] is None:
                span["served_until"] = date
        for number, text in wanted.items():
            spans.append({key: number, "genres": text, "served_from": date, "served_until": None})

    def _plays(
        self, date: datetime.date, judged: list[Judged], good: dict[str, set[int]], said: dict[str, Any]
    ) -> None:
        standing = {id(one) for one in newest_of(judged, "user_id", "created_at")}
        for one in judged:  # versions of a row compete before its user is looked up
            user = one.values.get("user_id")
            if user is not None and user not in good["users"]:
                one.reasons.append("unknown_user")
        outcomes: collections.Counter[str] = collections.Counter()
        broken: list[str] = []
        for one in judged:
            for position, verdict in enumerate(one.items or [None]):
                reasons = [*one.reasons, *(self._of_item(verdict, good["tracks"]) if verdict else [])]
                outcome = self._outcome(date, one, reasons, id(one) in standing)
                outcomes[outcome] += 1
                if outcome == "quarantined":
                    broken += reasons
                    self._keep(date, "listen_history", reasons, with_one_item(one.row, position))
                if outcome == "clean" and verdict:
                    self._play(date, one, position, verdict.value)
        self._account({**said, "entity": "listen_history"}, outcomes, broken)

    @staticmethod
    def _of_item(verdict: Verdict, tracks: set[int]) -> list[str]:
        unknown = verdict.value is not None and verdict.value not in tracks
        return [f"items_{rule}" for rule in verdict.broken] + (["unknown_track"] if unknown else [])

    @staticmethod
    def _outcome(date: datetime.date, one: Judged, reasons: list[str], stands: bool) -> str:
        if reasons:
            return "quarantined"
        if not stands:
            return "duplicate"
        return "later" if one.values["created_at"] >= midnight_after(date) else "clean"

    def _play(self, date: datetime.date, one: Judged, position: int, track: int) -> None:
        row = {
            "user_id": one.values["user_id"],
            "listened_at": one.values["created_at"],
            "updated_at": one.values["updated_at"],
            "position": position,
        }
        self.plays.setdefault(tuple(row.values()), {**row, "track_id": track, "first_seen": date})

    def _keep(self, date: datetime.date, entity: str, reasons: list[str], text: str) -> None:
        self.quarantine.append({"date": date, "entity": entity, "reasons": reasons, "row": text})

    def _account(self, said: dict[str, Any], outcomes: dict[str, int], broken: list[str]) -> None:
        counts = {name: outcomes.get(name, 0) for name in COUNTS}
        reasons = json.dumps(dict(collections.Counter(broken)))
        self.accounting.append({**said, "fetched": sum(counts.values()), **counts, "reasons": reasons})


def newest_of(judged: list[Judged], *key: str) -> list[Judged]:
    """Of the good rows with one key the one that stands."""
    newest: dict[tuple, Judged] = {}
    for one in judged:
        if not one.reasons:
            values = tuple(one.values[name] for name in key)
            if values not in newest or one.order > newest[values].order:
                newest[values] = one
    return list(newest.values())


def masked(row: Row) -> str:
    """A row of a user as quarantine keeps it: only what the contract knows and is not personal is shown."""
    if row.bare:
        return HIDDEN
    return row.written(tuple((name, value if name in SHOWN_OF_USERS else HIDDEN) for name, value in row.members))


def with_one_item(row: Row, position: int) -> str:
    """A history row with one of its items alone; one that has no list stays as it is."""
    items = row.value("items")
    if row.bare or not isinstance(items, tuple):
        return row.text
    last = max(place for place, (name, _) in enumerate(row.members) if name == "items")
    kept = items[position : position + 1]
    return row.written(
        tuple((name, kept if place == last else value) for place, (name, value) in enumerate(row.members))
    )


def midnight_after(date: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(date + datetime.timedelta(days=1), datetime.time(), datetime.UTC)


def plain(row: dict[str, Any]) -> str:
    """A row in one spelling: moments in UTC, reasons in the order of the alphabet."""
    return json.dumps({name: _plain(name, value) for name, value in sorted(row.items())})


def _plain(name: str, value: Any) -> Any:
    if name == "reasons":
        return sorted(json.loads(value).items() if isinstance(value, str) else value)
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).isoformat()
    return value.isoformat() if isinstance(value, datetime.date) else value
