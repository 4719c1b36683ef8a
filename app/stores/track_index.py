"""The tracks in memory: by id, and by words of their name and artist."""

import functools
import unicodedata

import numpy as np
import pyarrow as pa

from app.stores.store import TRACK, Track, track_of

CACHED = 50_000  # tracks kept as dictionaries, about 600 bytes each; the columns take about 150 bytes a track
MAX_HITS = 2_000  # lines looked at by a search: a single letter would find every track; the most played come first
LINE, BETWEEN = "\n", "\t"  # no folded text holds them


def folded(text: str) -> str:
    """Without accents, case and line breaks, so that "beyonce" finds "Beyoncé"."""
    if not text.isascii():
        plain = unicodedata.normalize("NFKD", text)
        text = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(text.casefold().split())


class TrackIndex:
    """All tracks by id, and the available ones by words; of equal finds the more popular one comes first."""

    def __init__(self, tracks: pa.Table, available: np.ndarray, by_popularity: np.ndarray) -> None:
        """
        Args:
            tracks: the columns of :data:`~app.stores.store.TRACK`, sorted by ``track_id``, which is unique.
            available: bool (n,), of each track.
            by_popularity: places of the available tracks, most popular first.
        """
        self.ids = tracks["track_id"].to_numpy()
        self.available = available
        self._columns = {name: tracks[name].combine_chunks() for name in TRACK}
        self._order = by_popularity  # of the lines that are searched
        words = tracks.select(["name", "artist"]).take(pa.array(self._order))
        lines = [
            f"{folded(name or '')}{BETWEEN}{folded(artist or '')}"
            for name, artist in zip(words["name"].to_pylist(), words["artist"].to_pylist(), strict=True)
        ]
        self._text = LINE + LINE.join(lines) + LINE
        lengths = np.fromiter((len(line) for line in lines), np.int64, len(lines))
        self._starts = 1 + np.cumsum(lengths + 1) - lengths - 1
        self.at = functools.lru_cache(CACHED)(self._at)

    def _at(self, index: int) -> Track:
        """The track at a place of ``ids``."""
        values = {name: column[index].as_py() for name, column in self._columns.items()}
        return track_of({**values, "available": bool(self.available[index])})

    def indices(self, track_ids: np.ndarray) -> np.ndarray:
        """Places in ``ids`` (int32); -1 for an id that is not there."""
        if not len(self.ids):
            return np.full(len(track_ids), -1, np.int32)
        places = np.searchsorted(self.ids, track_ids).clip(max=len(self.ids) - 1)
        return np.where(self.ids[places] == track_ids, places, -1).astype(np.int32)

    def index(self, track_id: int) -> int:
        return int(self.indices(np.array([track_id], np.int64))[0])

    def get(self, track_id: int) -> Track:
        """The track; one that is not in the catalogue has its id for a name."""
        index = self.index(track_id)
        return self.at(index) if index >= 0 else unknown(track_id)

    def search(self, text: str, limit: int) -> list[Track]:
        words = folded(text).split()
        if not words:
            return []
        lines = [
            line for line in self._lines_with(max(words, key=len)) if all(word in self._line(line) for word in words)
        ]
        lines.sort(key=lambda line: (_distance(self._line(line), " ".join(words)), line))
        return [self.at(int(self._order[line])) for line in lines[:limit]]

    def _lines_with(self, word: str) -> list[int]:
        """Lines that hold a word, the first ``MAX_HITS`` of them."""
        found: list[int] = []
        at = self._text.find(word)
        while at >= 0 and len(found) < MAX_HITS:
            found.append(int(np.searchsorted(self._starts, at, "right")) - 1)
            at = self._text.find(word, self._text.index(LINE, at))
        return found

    def _line(self, line: int) -> str:
        start = int(self._starts[line])
        return self._text[start : self._text.index(LINE, start)]


def _distance(line: str, text: str) -> int:
    """0 where name or artist is the text, 1 where one begins with it, 2 where a word does, else 3."""
    name, _, artist = line.partition(BETWEEN)
    if text in (name, artist):
        return 0
    if name.startswith(text) or artist.startswith(text):
        return 1
    return 2 if f" {text}" in line else 3


def unknown(track_id: int) -> Track:
    return track_of({**dict.fromkeys(TRACK), "track_id": track_id, "name": f"Track {track_id}", "available": False})
