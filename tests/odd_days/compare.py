"""What a run left beside what the rules give, row by row."""

import datetime
import json
import pathlib

from lake.access import Lake
from tests.odd_days.oracle import Oracle, Table, plain

TABLES = ("tracks", "users", "listens", "quarantine", "accounting", "tracks_served", "users_served")
SHOWN = 4  # rows of a difference
LENGTH = 300
K = 20  # [recommend] k


def found_in(lake: pathlib.Path) -> dict[str, Table]:
    """The tables as the oracle has them: when a snapshot was fetched is of the run."""
    stored = Lake(str(lake))
    return {
        name: Table(
            plain({key: value for key, value in row.items() if key != "fetched_at"}) for row in stored.rows(name)
        )
        for name in TABLES
    }


class Differences:
    """What is missing and what is there beside, told once: what stays so on later days is no news."""

    def __init__(self) -> None:
        self.told: set[str] = set()

    def news(self, found: dict[str, Table], expected: dict[str, Table]) -> list[str]:
        lines = differences(found, expected, self.told)
        for name in TABLES:
            self.told |= {*(expected[name] - found[name]), *(found[name] - expected[name])}
        return lines


def differences(found: dict[str, Table], expected: dict[str, Table], known: set[str] | None = None) -> list[str]:
    lines = []
    for name in TABLES:
        missing, beside = expected[name] - found[name], found[name] - expected[name]
        for rows in (missing, beside):
            for row in rows.keys() & (known or set()):
                del rows[row]
        if missing or beside:
            lines.append(f"{name}: {missing.total()} rows are missing, {beside.total()} are there beside the rules'")
            lines += [f"    missing {shown(row)}" for row in sorted(missing)[:SHOWN]]
            lines += [f"    beside  {shown(row)}" for row in sorted(beside)[:SHOWN]]
    return lines


def shown(row: str) -> str:
    return row if len(row) <= LENGTH else f"{row[:LENGTH]}… ({len(row)} characters)"


def lists(lake: pathlib.Path, oracle: Oracle, date: datetime.date) -> list[str]:
    """What is wrong with a date's lists: each user served has one of tracks served and not heard, as long as can be."""
    found: dict[int, list[int]] = {}
    for row in sorted(Lake(str(lake)).rows("recommendations", [("date", "=", date)]), key=lambda one: one["rank"]):
        found.setdefault(row["user_id"], []).append(row["track_id"])
    served, heard = oracle.served[date], oracle.heard(date)
    lines = [f"a list for user {user}, who was not served" for user in sorted(found.keys() - served["users"])]
    for user in sorted(served["users"]):
        mine, unheard = found.get(user, []), served["tracks"] - heard.get(user, set())
        if not set(mine) <= unheard or len(mine) != len(set(mine)):
            lines.append(f"user {user}: {json.dumps(mine)} has tracks that are heard, not served, or there twice")
        if len(mine) != min(K, len(unheard)):
            lines.append(f"user {user}: {len(mine)} tracks, {len(unheard)} could be recommended")
    return [f"lists: {line}" for line in lines[:SHOWN]]
