"""Who likes what: clusters of genres, popular and unpopular tracks, busy and idle listeners."""

import dataclasses
import datetime

import numpy as np

from demo_api.draws import Column, column
from demo_api.population import BASE_TRACKS, tracks_by, users_by

CLUSTERS = (
    ("rock", "indie rock", "garage rock", "alternative"),
    ("pop", "dance pop", "synth pop", "electropop"),
    ("hip hop", "rap", "trap", "boom bap"),
    ("jazz", "swing", "bebop", "vocal jazz"),
    ("electronic", "house", "techno", "deep house"),
    ("classical", "baroque", "chamber music", "opera"),
    ("country", "americana", "bluegrass", "honky tonk"),
    ("soul", "r&b", "funk", "disco"),
    ("metal", "heavy metal", "doom metal", "hard rock"),
    ("folk", "singer-songwriter", "acoustic", "celtic"),
    ("reggae", "dub", "ska", "dancehall"),
    ("ambient", "downtempo", "chillout", "lo-fi"),
)
# Zipf: the track of rank r is played in proportion to r to the minus this.
WITHIN_EXPONENT = 1.0
OVERALL_EXPONENT = 0.5
# Share of listeners whose taste changes where a change is asked for.
MOVING_SHARE = 0.5
# Share of listeners and their chance of listening on a day, from and to.
ACTIVITY = (
    (0.12, 0.0, 0.0),
    (0.54, 0.02, 0.09),
    (0.28, 0.10, 0.26),
    (0.06, 0.50, 0.90),
)


@dataclasses.dataclass(frozen=True)
class TrackTastes:
    """One entry per track, in the order of ids.

    Attributes:
        cluster: index into CLUSTERS.
        within: weight among the tracks of its cluster.
        overall: weight among all tracks.
    """

    cluster: Column
    within: Column
    overall: Column


@dataclasses.dataclass(frozen=True)
class UserTastes:
    """One entry per user, in the order of ids.

    Attributes:
        clusters: two different indexes into CLUSTERS, the preferred one first; shape (users, 2).
        moved: the same after a change of taste, in which half of the users go over to two other clusters.
        activity: chance of listening on a day.
        hour: of the day at which the user likes to listen, 6 to 24.
    """

    clusters: Column
    moved: Column
    activity: Column
    hour: Column


def track_tastes(seed: int, as_of: datetime.date, unheard: frozenset[int]) -> TrackTastes:
    """Tastes of all tracks there are on a day; ``unheard`` are ids that nobody plays."""
    count = tracks_by(as_of)
    cluster = (column(seed, "track cluster", count) * len(CLUSTERS)).astype(int)
    rank = column(seed, "track rank", count)
    heard = ~np.isin(np.arange(1, count + 1), list(unheard))
    # A rank drawn for the track alone, not counted among the others: tracks that come later change none.
    within = heard * (1 + rank * BASE_TRACKS / len(CLUSTERS)) ** -WITHIN_EXPONENT
    overall = heard * (1 + rank * BASE_TRACKS) ** -OVERALL_EXPONENT
    return TrackTastes(cluster, within, overall)


def user_tastes(seed: int, as_of: datetime.date, silent: frozenset[int]) -> UserTastes:
    """Tastes of all users there are on a day; ``silent`` are ids of users who never listen."""
    count = users_by(as_of)
    first = (column(seed, "user cluster", count) * len(CLUSTERS)).astype(int)
    step = 1 + (column(seed, "user second cluster", count) * (len(CLUSTERS) - 1)).astype(int)
    clusters = np.stack([first, (first + step) % len(CLUSTERS)], axis=1)
    heard = ~np.isin(np.arange(1, count + 1), list(silent))
    # The square root puts more people in the evening than in the morning.
    hour = 6 + 18 * np.sqrt(column(seed, "user hour", count))
    moves = column(seed, "user moves", count) < MOVING_SHARE
    moved = np.where(moves[:, None], _others(clusters), clusters)
    return UserTastes(clusters, moved, heard * _activity(column(seed, "user activity", count)), hour)


def _others(clusters: Column) -> Column:
    """Two clusters for each user, neither of which is one of the user's own; shape (users, 2)."""
    apart = (clusters[:, 1] - clusters[:, 0]) % len(CLUSTERS)
    # The next ones, but where the two are neighbours, one of which would be the other's next.
    step = np.where((apart == 1) | (apart == len(CLUSTERS) - 1), 2, 1)
    return (clusters + step[:, None]) % len(CLUSTERS)


def _activity(chance: Column) -> Column:
    """Chance of listening on a day, from a uniform number."""
    shares, lows, highs = (np.array(part) for part in zip(*ACTIVITY, strict=True))
    ends = np.cumsum(shares)
    group = np.minimum(np.searchsorted(ends, chance, side="right"), len(ACTIVITY) - 1)
    position = 1 - (ends[group] - chance) / shares[group]
    return lows[group] + position * (highs[group] - lows[group])
