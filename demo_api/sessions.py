"""Listening sessions: who listens on a day, when, and to what."""

import dataclasses
import datetime
from typing import Any

import numpy as np

from demo_api.draws import Column, generator
from demo_api.population import EPOCH, tracks_by, users_by
from demo_api.taste import CLUSTERS, TrackTastes, UserTastes

# Drawn from the listener's own clusters. The rest comes from the whole catalogue, a sixth of which
# is their own as well: together about 70 % of all plays.
OWN_SHARE = 0.64
PREFERRED_CLUSTER = 0.6
SHORTEST, LONGEST = 3, 15
# Tracks drawn for a session before those that came twice are left out.
CANDIDATES = 24
SECOND_SESSION = 0.06
LISTENS_ON_ARRIVAL = 0.8
# Monday to Sunday.
WEEKDAY = (0.95, 0.94, 0.96, 0.98, 1.06, 1.1, 1.04)

SECOND, HOUR = 1_000_000, 3_600_000_000
DAY = 24 * HOUR


@dataclasses.dataclass(frozen=True)
class Session:
    """One listener's plays in a row; ``end`` is when the last of them began."""

    end: datetime.datetime
    user: int
    start: datetime.datetime
    tracks: list[int]

    def row(self) -> dict[str, Any]:
        return {
            "user_id": self.user,
            "items": self.tracks,
            "created_at": self.start.isoformat(),
            "updated_at": self.end.isoformat(),
        }


@dataclasses.dataclass(frozen=True)
class Listening:
    """What sessions are made from.

    Attributes:
        seconds: length of each track (int, s).
        arrivals: the day of each user in days after EPOCH, 0 for the base.
        drift: the day from which on users listen to what they have moved to, or none.
    """

    seed: int
    tracks: TrackTastes
    users: UserTastes
    seconds: Column
    arrivals: Column
    drift: datetime.date | None = None

    def started_on(self, day: datetime.date) -> list[Session]:
        """The sessions that begin on a day; those of late listeners end on the next."""
        chance = generator(self.seed, "sessions", day.toordinal())
        listeners = self._listeners(day, chance)
        again = chance.random(len(listeners)) < SECOND_SESSION
        users = np.concatenate([listeners, listeners[again]])
        starts = self._starts(users, chance)
        starts[len(listeners) :] = (starts[: len(listeners)][again] * (0.3 + 0.5 * chance.random(again.sum()))).astype(
            int
        )
        # Half of the sessions are stamped to the microsecond, the others to the second.
        starts -= np.where(chance.random(len(users)) < 0.5, starts % SECOND, 0)
        lengths = SHORTEST + ((LONGEST - SHORTEST + 1) * chance.random(len(users)) ** 1.5).astype(int)
        candidates = self._draw(day, users, chance)
        midnight = datetime.datetime.combine(day, datetime.time())
        return [
            self._session(midnight + datetime.timedelta(microseconds=start), user, drawn, length)
            for user, start, length, drawn in zip(
                users.tolist(), starts.tolist(), lengths.tolist(), candidates.tolist(), strict=True
            )
        ]

    def _listeners(self, day: datetime.date, chance: np.random.Generator) -> Column:
        """Indexes of the users who listen on a day, each once.

        Systematic sampling: everybody is drawn with their own chance, and the number drawn is its sum,
        so that no day is left with few.
        """
        count = users_by(day)
        activity = self.users.activity[:count] * WEEKDAY[day.weekday()]
        newcomer = (self.arrivals[:count] == (day - EPOCH).days) & (self.arrivals[:count] > 0)
        activity = np.where(newcomer & (activity > 0), LISTENS_ON_ARRIVAL, activity)
        order = np.argsort(chance.random(count))
        ticks = np.floor(np.cumsum(activity[order]) + chance.random())
        return order[np.diff(ticks, prepend=0) > 0]

    def _starts(self, users: Column, chance: np.random.Generator) -> Column:
        """When each session starts (int, microseconds after midnight): around the listener's hour."""
        hours = self.users.hour[users] + 3 * (chance.random(len(users)) - 0.5)
        # Turned back at both ends of the day, not cut off: nobody starts at the stroke of midnight.
        hours = 6 + np.abs(18 - np.abs(24 - hours))
        return np.minimum(hours * HOUR, DAY - 1).astype(np.int64)

    def _draw(self, day: datetime.date, users: Column, chance: np.random.Generator) -> Column:
        """Indexes of tracks, shape (sessions, CANDIDATES)."""
        count = tracks_by(day)
        cluster = self.tracks.cluster[:count]
        by_cluster = np.argsort(cluster, kind="stable")
        bounds = np.searchsorted(cluster[by_cluster], np.arange(len(CLUSTERS) + 1))
        within = np.concatenate([[0.0], np.cumsum(self.tracks.within[:count][by_cluster])])
        overall = np.cumsum(self.tracks.overall[:count])

        shape = (len(users), CANDIDATES)
        second = (chance.random(shape) >= PREFERRED_CLUSTER).astype(int)
        clusters = self.users.moved if self.drift and day >= self.drift else self.users.clusters
        chosen = clusters[users[:, None], second]
        low, high = within[bounds[chosen]], within[bounds[chosen + 1]]
        place = np.searchsorted(within[1:], low + (high - low) * chance.random(shape), side="right")
        own = by_cluster[np.minimum(place, bounds[chosen + 1] - 1)]
        anything = np.searchsorted(overall, overall[-1] * chance.random(shape), side="right")
        return np.where(chance.random(shape) < OWN_SHARE, own, np.minimum(anything, count - 1))

    def _session(self, start: datetime.datetime, user: int, drawn: list[int], length: int) -> Session:
        tracks = list(dict.fromkeys(drawn))[:length]
        played = int(self.seconds[tracks[:-1]].sum())
        return Session(start + datetime.timedelta(seconds=played), user + 1, start, [track + 1 for track in tracks])


def ended_on(day: datetime.date, before: list[Session], same: list[Session]) -> list[Session]:
    """The sessions that end on a day, in the order of their ends.

    Args:
        before: those that began the day before.
        same: those that began on the day.
    """
    ended = [session for session in before + same if session.end.date() == day]
    return sorted(ended, key=lambda session: (session.end, session.user, session.start))
