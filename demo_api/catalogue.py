"""The rows of ``/tracks``."""

import datetime
from typing import Any

import numpy as np

from demo_api import names
from demo_api.draws import Column, column, generator
from demo_api.population import track_arrivals
from demo_api.taste import CLUSTERS
from demo_api.times import stamps

ARTISTS_PER_CLUSTER = 25
ALBUMS_PER_ARTIST = 4
# A few tracks are served without a length.
WITHOUT_DURATION = 0.004

Row = dict[str, Any]


def track_seconds(seed: int, count: int) -> Column:
    """Length of each track (int, s): two to six and a half minutes, or 0 where it is not known."""
    chance = column(seed, "track duration", count)
    seconds = (120 + 270 * column(seed, "track length", count) ** 1.5).astype(int)
    return np.where(chance < WITHOUT_DURATION, 0, seconds)


def track_rows(seed: int, as_of: datetime.date, cluster: Column) -> list[Row]:
    """All tracks at the end of a day, in the order of ids, before any is spoiled.

    Args:
        cluster: index into CLUSTERS of each track.
    """
    count = len(cluster)
    created, updated = stamps(seed, "track", track_arrivals(as_of))
    # Squared: some artists have many more tracks than others.
    artist = cluster * ARTISTS_PER_CLUSTER + (column(seed, "track artist", count) ** 2 * ARTISTS_PER_CLUSTER).astype(
        int
    )
    album = artist * ALBUMS_PER_ARTIST + (column(seed, "track album", count) * ALBUMS_PER_ARTIST).astype(int)
    artists = [names.artist(chances) for chances in _table(seed, "artist", len(CLUSTERS) * ARTISTS_PER_CLUSTER, 4)]
    albums = [names.title(chances) for chances in _table(seed, "album", len(artists) * ALBUMS_PER_ARTIST, 3)]
    titles = [names.title(chances) for chances in _table(seed, "title", count, 3)]
    writers = [_songwriters(chances) for chances in _table(seed, "songwriters", count, 7)]
    genres = _genres(cluster, _table(seed, "genres", count, 2))
    return [
        {
            "id": number + 1,
            "name": titles[number],
            "artist": artists[artist[number]],
            "songwriters": writers[number],
            "duration": f"{seconds // 60:02d}:{seconds % 60:02d}",
            "genres": genres[number],
            "album": albums[album[number]],
            "created_at": created[number],
            "updated_at": updated[number],
        }
        for number, seconds in enumerate(track_seconds(seed, count).tolist())
    ]


def _table(seed: int, name: str, rows: int, columns: int) -> list[list[float]]:
    """Uniform numbers; a longer table begins with the same rows as a shorter one."""
    return generator(seed, name).random((rows, columns)).tolist()


def _songwriters(chances: list[float]) -> str:
    one, other = names.person(chances[1:4]), names.person(chances[4:7])
    return one if chances[0] < 0.6 else f"{one}, {other}"


def _genres(cluster: Column, chances: list[list[float]]) -> list[str]:
    """One to three genres of each track's cluster as comma text, its main one first."""
    texts = []
    for index, (how_many, offset) in zip(cluster.tolist(), chances, strict=True):
        main, *finer = CLUSTERS[index]
        start = int(offset * len(finer))
        texts.append(", ".join([main, *(finer[start:] + finer[:start])[: int(how_many * 3)]]))
    return texts
