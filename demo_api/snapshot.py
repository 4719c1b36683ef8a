"""What the API serves at the end of a day."""

import dataclasses
import datetime

from demo_api.catalogue import Row, track_rows, track_seconds
from demo_api.dirt_entities import SPOILED_TRACKS, SPOILED_USERS, spoil_tracks, spoil_users
from demo_api.dirt_history import history_rows
from demo_api.people import user_rows
from demo_api.population import EARLIEST, LATEST, history_start, tracks_by, user_arrivals
from demo_api.sessions import Listening, ended_on
from demo_api.taste import track_tastes, user_tastes

ONE_DAY = datetime.timedelta(days=1)


@dataclasses.dataclass(frozen=True)
class ServedState:
    """All rows as of the end of a day, as they are served: a pure function of the seed and that day."""

    as_of: datetime.date
    tracks: list[Row]
    users: list[Row]
    listen_history: list[Row]


def take_snapshot(seed: int, as_of: datetime.date, drift: datetime.date | None = None) -> ServedState:
    """Make everything that is served at the end of a day; from the day of ``drift`` on half of the users like other genres.

    Raises:
        ValueError: the day is not between EARLIEST and LATEST.
    """
    if not EARLIEST <= as_of <= LATEST:
        raise ValueError(f"{as_of}: there is data from {EARLIEST} to {LATEST} only")
    tracks = track_tastes(seed, as_of, frozenset(SPOILED_TRACKS))
    users = user_tastes(seed, as_of, frozenset(SPOILED_USERS))
    listening = Listening(seed, tracks, users, track_seconds(seed, tracks_by(as_of)), user_arrivals(as_of), drift)
    return ServedState(
        as_of,
        spoil_tracks(track_rows(seed, as_of, tracks.cluster)),
        spoil_users(user_rows(seed, as_of, users.clusters)),
        _history(listening, history_start(as_of), as_of),
    )


def _history(listening: Listening, first: datetime.date, last: datetime.date) -> list[Row]:
    """The rows that the days from first to last added, in that order."""
    # A day's rows need the sessions that ended the day before, some of which began yet a day earlier.
    began = {day: listening.started_on(day) for day in _days(first - 2 * ONE_DAY, last)}
    ended = {day: ended_on(day, began[day - ONE_DAY], began[day]) for day in _days(first - ONE_DAY, last)}
    return [row for day in _days(first, last) for row in history_rows(day, ended[day], ended[day - ONE_DAY])]


def _days(first: datetime.date, last: datetime.date) -> list[datetime.date]:
    return [first + n * ONE_DAY for n in range((last - first).days + 1)]
