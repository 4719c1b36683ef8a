"""A small music service that goes on from day to day: tens of users and tracks, drawn from a seed."""

import dataclasses
import datetime
import functools
import json
import random
from collections.abc import Callable

from tests.odd_days import times
from tests.odd_days.rows import Row, row

GENRES = ("Rock", "Jazz", "Pop", "Rock, Pop", None)
HISTORY = 150  # rows that the API keeps; of more the oldest are gone
USERS, TRACKS = 24, 40
UNKNOWN = 0.1  # share of the history's ids that may be of nobody: the fetch refuses 0.2, and odd rows name others
DAY = datetime.timedelta(days=1)


@dataclasses.dataclass
class Session:
    """A history row to be: ``updated`` is above ``began`` where it was changed."""

    user: int
    items: list[int]
    began: datetime.datetime
    updated: datetime.datetime


class World:
    def __init__(self, chance: random.Random, zone: str, date: datetime.date) -> None:
        self.chance, self.zone, self.date = chance, zone, date
        self.next_id = {"tracks": 1, "users": 1}
        self.tracks: dict[int, Row] = {}
        self.users: dict[int, Row] = {}
        self.sessions: list[Session] = []
        self.gone: list[tuple[str, int, Row]] = []  # tracks and users that left

    @property
    def begin(self) -> datetime.datetime:
        return datetime.datetime.combine(self.date, datetime.time(), datetime.UTC)

    def add_tracks(self, count: int) -> list[int]:
        return [self._add("tracks", self.tracks) for _ in range(count)]

    def add_users(self, count: int) -> list[int]:
        return [self._add("users", self.users) for _ in range(count)]

    def _add(self, name: str, held: dict[int, Row]) -> int:
        number = self.next_id[name]
        self.next_id[name] += 1
        held[number] = self.track(number) if name == "tracks" else self.user(number)
        return number

    def track(self, number: int) -> Row:
        return row(
            id=number,
            name=f"Track {number}",
            artist=f"Artist {number % 7}",
            songwriters=f"Writer {number % 5}",
            duration=f"{number % 9:02d}:{number % 60:02d}",
            genres=self.chance.choice(GENRES),
            album=f"Album {number % 11}",
            **self._stamps(),
        )

    def user(self, number: int) -> Row:
        return row(
            id=number,
            first_name=f"First{number}",
            last_name=f"Last{number}",
            email=f"user{number}@example.org",
            gender=self.chance.choice(["female", "male", None]),
            favorite_genres=self.chance.choice(GENRES),
            **self._stamps(),
        )

    def _stamps(self) -> dict[str, str]:
        made = self.begin - datetime.timedelta(days=self.chance.randint(1, 400), seconds=self.chance.randint(0, 86_399))
        return {
            "created_at": times.local(made, self.zone),
            "updated_at": times.local(made + self.chance.randint(0, 20) * DAY / 20, self.zone),
        }

    def remove(self, name: str, count: int) -> None:
        """Some leave; what they were part of stays in the history."""
        held = self.tracks if name == "tracks" else self.users
        for number in self.chance.sample(sorted(held), min(count, len(held) - 1)):
            self.gone.append((name, number, held.pop(number)))

    def bring_back(self) -> None:
        for name, number, back in self.gone[-3:]:
            (self.tracks if name == "tracks" else self.users)[number] = back
        del self.gone[-3:]

    def retouch(self) -> None:
        """A few tracks and users change."""
        for held, field in ((self.tracks, "genres"), (self.users, "favorite_genres")):
            for number in self.chance.sample(sorted(held), min(2, len(held))):
                values = {
                    field: json.dumps(self.chance.choice(GENRES)),
                    "updated_at": json.dumps(times.local(self.begin, self.zone)),
                }
                held[number] = held[number].having(**values)

    def heard(self, user: int) -> list[int]:
        return sorted({item for one in self.sessions if one.user == user for item in one.items if item in self.tracks})

    def play(self, user: int, items: list[int], moment: datetime.datetime | None = None) -> None:
        """A session, somewhere in the day where no moment is given."""
        moment = moment or self.begin + datetime.timedelta(seconds=self.chance.randint(0, 86_399))
        self.sessions.append(Session(user, items, moment, moment + datetime.timedelta(seconds=30)))

    def play_some(self, users: list[int], most: int = 4) -> None:
        for user in users:
            self.play(user, self.pick(self.chance.randint(1, most)))

    def pick(self, count: int) -> list[int]:
        return self.chance.sample(sorted(self.tracks), min(count, len(self.tracks)))

    def change_sessions(self) -> None:
        """A few sessions of the last days get a later version: an item more, or one less."""
        for one in self.chance.sample(self.sessions[-40:], min(3, len(self.sessions))):
            if one.user in self.users:
                one.items = (
                    one.items[1:] if len(one.items) > 1 and self.chance.random() < 0.5 else [*one.items, *self.pick(1)]
                )
                one.updated = max(one.updated, self.begin) + datetime.timedelta(seconds=self.chance.randint(1, 3600))

    def trim(self) -> None:
        """The API forgets the oldest sessions, and those that would make too much of the history unknown."""
        del self.sessions[:-HISTORY]
        self._trim_unknown(self.users, lambda one: {one.user})
        self._trim_unknown(self.tracks, lambda one: set(one.items))

    def _trim_unknown(self, known: dict[int, Row], ids_of: Callable[[Session], set[int]]) -> None:
        while self.sessions:
            named = set[int]().union(*map(ids_of, self.sessions))
            unknown = named - set(known)
            if len(unknown) <= len(named) * UNKNOWN:
                return
            lost = min(unknown)
            self.sessions = [one for one in self.sessions if lost not in ids_of(one)]

    def history(self) -> list[Row]:
        return [history_row(one.user, tuple(one.items), one.began, one.updated, self.zone) for one in self.sessions]


@functools.cache
def history_row(
    user: int, items: tuple[int, ...], began: datetime.datetime, updated: datetime.datetime, zone: str
) -> Row:
    stamps = {"created_at": times.local(began, zone), "updated_at": times.local(updated, zone)}
    return row(user_id=user, items=list(items), **stamps)
