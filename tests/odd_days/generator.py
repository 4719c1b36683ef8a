"""Days under the API's contract, drawn from a seed: what happens on them, and what is odd in their rows."""

import dataclasses
import datetime
import itertools
import json
import random
from collections.abc import Callable, Iterator

from tests.odd_days import texts, times
from tests.odd_days.rows import Row
from tests.odd_days.world import DAY, HISTORY, TRACKS, USERS, World

FIRST = datetime.date(2024, 3, 16)  # in the past, and clocks change within a fortnight
ODD_ROWS = 6  # of tracks and of users a day
ODD_PLAYS = 6
ENTITIES = ("tracks", "users", "listen_history")


@dataclasses.dataclass(frozen=True)
class Day:
    """``night`` is what becomes of the night after: runs, is refused, or there is none."""

    date: datetime.date
    kind: str
    odd: tuple[str, ...]
    served: dict[str, list[Row]]
    night: str = "runs"


def usual(world: World) -> None:
    world.add_tracks(world.chance.randint(0, 2))
    world.add_users(world.chance.randint(0, 2))
    world.retouch()
    world.play_some(world.chance.sample(sorted(world.users), len(world.users) * 2 // 3))
    world.change_sessions()


def nobody_plays(world: World) -> None:
    world.retouch()


def all_as_before(world: World) -> None:
    """Not a byte differs from the day before."""


def all_replay(world: World) -> None:
    for user in sorted(world.users):
        if heard := world.heard(user):
            world.play(user, world.chance.sample(heard, min(3, len(heard))))


def only_new_users_play(world: World) -> None:
    """None of them had a list for the day."""
    world.play_some(world.add_users(3))


def one_user_plays(world: World) -> None:
    world.play_some([world.chance.choice(sorted(world.users))], most=1)


def every_user_is_new(world: World) -> None:
    world.users.clear()
    world.add_users(USERS)
    _new_history(world)


def every_track_is_new(world: World) -> None:
    world.tracks.clear()
    world.add_tracks(TRACKS)
    _new_history(world)


def _new_history(world: World) -> None:
    count = len(world.sessions)
    world.sessions.clear()
    for place in range(count):
        back = datetime.timedelta(seconds=world.chance.randint(0, 86_399)) + place % 4 * DAY
        world.play(world.chance.choice(sorted(world.users)), world.pick(3), world.begin + DAY - back)


def tracks_leave(world: World) -> None:
    world.remove("tracks", 4)
    usual(world)


def users_leave(world: World) -> None:
    world.remove("users", 3)
    usual(world)


def some_come_back(world: World) -> None:
    world.bring_back()
    usual(world)


def plays_at_midnight(world: World) -> None:
    """At the first and last moment of the day, and just behind it: those come in with the next date."""
    moments = [
        world.begin,
        world.begin + DAY - times.HOUR / 3600e6,
        world.begin + DAY,
        world.begin + DAY + times.HOUR / 4,
    ]
    for moment in (*moments, *moments):
        world.play(world.chance.choice(sorted(world.users)), world.pick(2), moment)


def plays_as_clocks_change(world: World) -> None:
    """Sessions an hour around each change of the API's clocks, last year's and this."""
    for stamp in times.changes(world.zone):
        moment = datetime.datetime.fromisoformat(f"{stamp}+00:00")
        world.play(world.chance.choice(sorted(world.users)), world.pick(1), moment)
    usual(world)


def late_history(world: World) -> None:
    """What was played days ago is told today."""
    for back in range(1, 5):
        world.play(world.chance.choice(sorted(world.users)), world.pick(2), world.begin - back * DAY)


KINDS: dict[str, Callable[[World], None]] = {
    "a usual day": usual,
    "nobody plays": nobody_plays,
    "all as the day before": all_as_before,
    "all replay": all_replay,
    "only users without a list play": only_new_users_play,
    "one user plays": one_user_plays,
    "every user new": every_user_is_new,
    "every track new": every_track_is_new,
    "tracks leave": tracks_leave,
    "users leave": users_leave,
    "some come back": some_come_back,
    "plays at midnight": plays_at_midnight,
    "clocks change": plays_as_clocks_change,
    "late history": late_history,
}
CLOCK_BACK = "the clock jumps back"  # after the night, so that the command is called once more on the day before
KINDS[CLOCK_BACK] = usual
# No night, or one that refuses what it finds: the next one that runs makes up for it.
EMPTY, NO_USER, NO_NIGHT = "the API is empty", "no user", "the machine is off"
REFUSED = {EMPTY: ENTITIES, NO_USER: ("users",)}
SPANS = {EMPTY: 2, NO_USER: 1, NO_NIGHT: 1}
OPENINGS = ("a usual day", "one track that all have heard", "one user, one play")


def days(seed: int, count: int) -> tuple[str, list[Day]]:
    """The zone of the API, and so many days; the last is a usual one, so that none waits at the end."""
    chance = random.Random(seed)
    zone = chance.choice(times.ZONES)
    world = World(chance, zone, FIRST - DAY)
    kinds = [chance.choice(OPENINGS), *itertools.islice(_kinds(chance), max(0, count - 2)), "a usual day"]
    return zone, [_day(world, kind, place == 0) for place, kind in enumerate(kinds[-count:])]


def _kinds(chance: random.Random) -> Iterator[str]:
    """Deck after deck of all kinds, shuffled; one that lasts two days stands there twice."""
    while True:
        deck = [*KINDS, *SPANS]
        for kind in chance.sample(deck, len(deck)):
            yield from [kind] * SPANS.get(kind, 1)


def _day(world: World, kind: str, first: bool) -> Day:
    world.date += DAY
    if first:
        _open(world, kind)
    elif kind in KINDS:
        _fill(world)
        KINDS[kind](world)
    elif kind == NO_NIGHT:
        usual(world)
    world.trim()
    served = {"tracks": [*world.tracks.values()], "users": [*world.users.values()], "listen_history": world.history()}
    odd = _spoil(world, served)
    for name in REFUSED.get(kind, ()):
        served[name] = []
    night = "refused" if kind in REFUSED else "none" if kind == NO_NIGHT else "runs"
    return Day(world.date, kind, tuple(odd), served, night)


def _open(world: World, kind: str) -> None:
    if kind == OPENINGS[1]:
        world.add_tracks(1)
        for user in world.add_users(USERS):
            world.play(user, sorted(world.tracks))
    elif kind == OPENINGS[2]:
        world.add_tracks(3)
        world.play_some(world.add_users(1), most=1)
    else:
        _fill(world)
        usual(world)


def _fill(world: World) -> None:
    """As many tracks, users and sessions as there are on most days."""
    world.add_tracks(TRACKS - len(world.tracks))
    world.add_users(USERS - len(world.users))
    missing = HISTORY * 2 // 3 - len(world.sessions)
    for place in range(missing):
        back = datetime.timedelta(seconds=world.chance.randint(0, 86_399)) + place % 4 * DAY
        world.play(world.chance.choice(sorted(world.users)), world.pick(3), world.begin - back)


def _spoil(world: World, served: dict[str, list[Row]]) -> list[str]:
    """Add odd rows to the good ones, mixed among them; what was drawn."""
    chance, drawn = world.chance, []
    for name in ("tracks", "users"):
        added = []
        for _ in range(min(ODD_ROWS, len(served[name]) // 5)):
            new, kind = _odd_row(world, name)
            added.append(new)
            drawn.append(kind)
        served[name] = _mixed(chance, served[name], added)
    few = served["listen_history"]
    added = []
    for _ in range(min(ODD_PLAYS, len(few) // 20, len(world.tracks) // 5)):
        new, kind = _odd_session(world, chance.choice(few))
        added.append(new)
        drawn.append(kind)
    served["listen_history"] = _mixed(chance, few, added)
    return sorted(set(drawn))


def _odd_row(world: World, name: str) -> tuple[Row, str]:
    """A row of its own id, most often, or another version of one that is there."""
    chance = world.chance
    held = world.tracks if name == "tracks" else world.users
    if chance.random() < 0.3:
        plain = held[chance.choice(sorted(held))]
    else:
        number = 100_000 + chance.randrange(100_000)
        plain = world.track(number) if name == "tracks" else world.user(number)
    if chance.random() < 0.4:
        kind = chance.choice(times.KINDS)
        return plain.having(
            **{chance.choice(["created_at", "updated_at"]): json.dumps(times.odd(kind, world.zone, chance))}
        ), kind
    kind = chance.choice(texts.KINDS)
    return texts.odd(kind, name, plain, chance), kind


def _odd_session(world: World, plain: Row) -> tuple[Row, str]:
    chance = world.chance
    kind = chance.choice([*times.KINDS, "items", "items", "user", "again", "no object", "layout", "repeated key"])
    if kind in times.KINDS:
        stamp = json.dumps(times.odd(kind, world.zone, chance))
        return plain.having(**{chance.choice(["created_at", "updated_at"]): stamp}), kind
    if kind == "items":
        items = plain.value("items")
        assert isinstance(items, tuple)
        return plain.having(items=chance.choice([texts.odd_items(items, chance), (), "null", '"10"'])), kind
    if kind == "user":
        return plain.having(user_id=chance.choice([*texts.IDS, "777777"])), kind
    if kind == "no object":
        return Row(bare=chance.choice(texts.NO_OBJECTS)), kind
    if kind == "layout":
        return texts.laid_out(plain, chance), kind
    if kind == "repeated key":
        again = plain.value("user_id")
        assert again is not None
        return plain.with_more(chance.choice([("user_id", again), ("user_id", "null"), ("items", ("1",))])), kind
    return plain, kind


def _mixed(chance: random.Random, rows: list[Row], added: list[Row]) -> list[Row]:
    found = list(rows)
    for one in added:
        found.insert(chance.randrange(len(found) + 1), one)
    return found
