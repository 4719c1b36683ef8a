"""Popular tracks: what users get of whom too little is known, and what the model is compared with."""

import dataclasses
import datetime
import re
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame

from conf.current_plays import MOST_POPULAR_FIRST, play_counts

NOTHING = np.empty(0, np.int64)


@dataclasses.dataclass(frozen=True)
class Candidates:
    """What may be recommended, most popular first.

    Shapes: track_ids int64 (n,); plays float32 (n,), recent ones; genres: of each genre with enough tracks played
    recently their positions in ``track_ids``, int64, ascending.
    """

    track_ids: np.ndarray
    plays: np.ndarray
    genres: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict)

    @classmethod
    def of(cls, ranked: pa.Table, min_genre_tracks: int = 1) -> "Candidates":
        """:func:`popularity`, in its order. Genres count with ``min_genre_tracks`` tracks that were played recently."""
        played = ranked["recent"].to_numpy()
        texts = ranked["genres"].to_pylist()[: np.count_nonzero(played)] if "genres" in ranked.column_names else []
        track_ids = ranked["track_id"].to_numpy().astype(np.int64)
        return cls(track_ids, played.astype(np.float32), by_genre(texts, min_genre_tracks))

    def of_genres(self, text: str | None) -> np.ndarray:
        """Positions of the recently played tracks of the genres that ``text`` names, most popular first."""
        chosen = [self.genres[name] for name in genre_names(text) if name in self.genres]
        return np.unique(np.concatenate(chosen)) if chosen else NOTHING


def genre_names(text: str | None) -> list[str]:
    """The genres that a text names, in lower case, each once: ``Folk, R&B`` names folk and r&b."""
    parts = (part.strip().casefold() for part in re.split(r"[,;|/]", text or ""))
    return list(dict.fromkeys(part for part in parts if part))


def popularity(plays: DataFrame, tracks: DataFrame, as_of: datetime.date, days: int) -> DataFrame:
    """Every track with its plays, most popular first by (recent, ever, track_id).

    Args:
        plays: user_id, track_id, listened_at, as of ``as_of``.
        tracks: what may be served: track_id, and what else is to be kept of it.
        days: how many days up to and including ``as_of`` count as recent.

    Returns:
        The columns of ``tracks``, recent (bigint: plays in those days), ever (bigint).
    """
    spark = plays.sparkSession
    counts = spark.sql(play_counts("{plays}", as_of, days), plays=plays)
    known = tracks.join(counts, "track_id", "left").fillna(0, ["recent", "ever"])
    return spark.sql(f"SELECT * FROM {{known}} ORDER BY {MOST_POPULAR_FIRST}", known=known)  # noqa: S608 - the order is a constant


def by_genre(texts: list[str | None], min_tracks: int) -> dict[str, np.ndarray]:
    """Positions of the texts that name each genre, for genres that ``min_tracks`` texts name."""
    positions: dict[str, list[int]] = {}
    for at, text in enumerate(texts):
        for name in genre_names(text):
            positions.setdefault(name, []).append(at)
    return {name: np.array(found, np.int64) for name, found in positions.items() if len(found) >= min_tracks}
