"""What is shown of a date: what was counted, measured, decided and served. Read from the tables, without Spark."""

import dataclasses
import datetime
import json
from typing import Any

from conf.decisions import moment
from conf.errors import BadSetting
from conf.sql_text import midnight
from lake.access import Lake
from lake.champion import champion_before
from lake.commits import listed_dates

SAMPLE = 3  # listeners shown
TRACKS = 5  # of each


@dataclasses.dataclass(frozen=True)
class Listener:
    """A listener, by id alone; tracks are ``(track, artist)``, newest or best first."""

    user_id: int
    source: str
    lately: list[tuple[str, str]]
    recommended: list[tuple[str, str]]


@dataclasses.dataclass(frozen=True)
class Overview:
    """Rows of the tables for one date, in the order in which they are shown."""

    date: datetime.date
    accounting: list[dict[str, Any]]
    quarantine: list[tuple[str, str, int]]  # entity, reason, rows
    maintenance: dict[str, Any]
    live: list[dict[str, Any]]
    holdout: list[dict[str, Any]]
    decisions: list[dict[str, Any]]
    champion_version: str
    champion_since: datetime.date | None
    champion_reason: str
    served: dict[str, int]  # users by source of their first track
    listeners: list[Listener]
    lists_before: bool = True  # whether there are lists of the day before

    @property
    def no_live(self) -> str:
        """Why there are no live figures, where there are none."""
        if self.lists_before:
            return "nobody with a list of the day before played a track that was new to them"
        return "there were no lists of the day before"

    @property
    def partial(self) -> bool:
        return any(row["revision"] == 0 for row in self.accounting)


def overview(lake: Lake, date: datetime.date, k: int) -> Overview:
    """What there is on a date; figures at ``k`` alone."""
    current = champion_before(lake, date + datetime.timedelta(days=1))
    on_date = [("date", "=", date)]
    evaluations = [row for row in lake.rows("evaluations", on_date) if row["k"] in (k, 0)]
    firsts = lake.arrow("recommendations", [*on_date, ("rank", "=", 1)], ["user_id", "source"])
    sources = firsts["source"].value_counts().to_pylist()
    accounting = sorted(lake.rows("accounting", on_date), key=lambda row: row["entity"])
    maintenance = lake.rows("maintenance", on_date)
    return Overview(
        date=date,
        accounting=accounting,
        quarantine=reasons(accounting),
        maintenance=maintenance[0] if maintenance else {},
        live=[row for row in evaluations if row["kind"] == "live"],
        holdout=[row for row in evaluations if row["kind"] == "holdout"],
        decisions=sorted(lake.rows("decisions", on_date), key=moment),
        champion_version=current.version if current else "",
        champion_since=current.since if current else None,
        champion_reason=current.reason if current else "",
        served={entry["values"]: entry["counts"] for entry in sources},
        listeners=listeners(lake, date, firsts.to_pylist()),
        lists_before=lake.count("recommendations", [("date", "=", date - datetime.timedelta(days=1))]) > 0,
    )


def reasons(accounting: list[dict[str, Any]]) -> list[tuple[str, str, int]]:
    """How many quarantined rows broke each rule, most first."""
    counts = [
        (row["entity"], reason, count)
        for row in accounting
        for reason, count in json.loads(row["reasons"] or "{}").items()
    ]
    return sorted(counts, key=lambda item: (-item[2], item[:2]))


def listeners(lake: Lake, date: datetime.date, firsts: list[dict[str, Any]]) -> list[Listener]:
    """A few listeners who played something on the date, those with the model's lists first."""
    start, end = midnight(date), midnight(date + datetime.timedelta(days=1))
    played = set(
        lake.arrow("listens", [("listened_at", ">=", start), ("listened_at", "<", end)], ["user_id"])["user_id"]
        .unique()
        .to_pylist()
    )
    candidates = sorted(firsts, key=lambda row: (row["user_id"] not in played, row["source"] != "als", row["user_id"]))
    chosen = {row["user_id"]: row["source"] for row in candidates[:SAMPLE]}
    if not chosen:
        return []
    theirs = [("user_id", "in", list(chosen))]
    plays = lake.rows(
        "listens", [*theirs, ("listened_at", "<", end)], ["user_id", "track_id", "listened_at", "position"]
    )
    lists = lake.rows("recommendations", [("date", "=", date), *theirs], ["user_id", "rank", "track_id"])
    names = track_names(lake, {row["track_id"] for row in plays + lists})
    plays.sort(key=lambda row: (row["listened_at"], row["position"]), reverse=True)
    lists.sort(key=lambda row: row["rank"])
    return [
        Listener(
            user,
            source,
            distinct(names[row["track_id"]] for row in plays if row["user_id"] == user)[:TRACKS],
            [names[row["track_id"]] for row in lists if row["user_id"] == user][:TRACKS],
        )
        for user, source in chosen.items()
    ]


def distinct(items: Any) -> list:
    """Each once, in order."""
    return list(dict.fromkeys(items))


def track_names(lake: Lake, track_ids: set[int]) -> dict[int, tuple[str, str]]:
    rows = (
        lake.rows("tracks", [("track_id", "in", sorted(track_ids))], ["track_id", "name", "artist"])
        if track_ids
        else []
    )
    known = {row["track_id"]: (row["name"], row["artist"]) for row in rows}
    return {track: known.get(track, (f"track {track}", "")) for track in track_ids}


def listed_days(lake: Lake) -> set[datetime.date]:
    """The dates that came to their lists: on a day without users these have no row."""
    return lake.dates("recommendations") | listed_dates(lake.root)


def last_day(lake: Lake) -> datetime.date | None:
    """The newest date that came to its lists."""
    return max(listed_days(lake), default=None)


def refuse_before_first(lake: Lake, date: datetime.date) -> None:
    """
    Raises:
        BadSetting: the date is before every day that was ever run.
    """
    run = [date for name in ("accounting", "runs") for date in lake.arrow(name, columns=["date"])["date"].to_pylist()]
    if run and date < min(run):
        raise BadSetting(f"--date: {date} is before the first day of {lake.root}, which is {min(run)}")


def missing_days(lake: Lake) -> list[datetime.date]:
    """Days that did not come to their lists between the first and the last that did."""
    days = listed_days(lake)
    if not days:
        return []
    first, last = min(days), max(days)
    every = (first + datetime.timedelta(days=day) for day in range((last - first).days))
    return [day for day in every if day not in days]
