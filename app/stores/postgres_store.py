"""The data mart in PostgreSQL as a store: every answer is one transaction over the published day."""

import contextlib
import datetime
from collections.abc import AsyncIterator, Sequence
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import dict_row

from app.stores.model_health import DAYS, health_of
from app.stores.packed import ranges
from app.stores.postgres_pool import Pool
from app.stores.store import (
    MAX_ID,
    TRACK,
    Listed,
    Listing,
    ModelHealth,
    NoDay,
    Play,
    Similar,
    Track,
    listing,
    track_of,
    without_list,
)
from conf.decisions import PLACE
from conf.settings import Settings
from conf.sql_text import midnight

PUBLISHED = "SELECT date, model_version, users FROM current_publication"
OF_TRACK = ", ".join(f"t.{name}" for name in (*TRACK, "available"))
LISTED = f"""
    SELECT r.rank, r.score, r.source, r.model_version, r.because, {OF_TRACK}
    FROM recommendations r JOIN tracks t USING (track_id)
    WHERE r.date = %s AND r.user_id = %s AND r.rank <= %s ORDER BY r.rank"""
POPULAR = (
    f"SELECT p.rank, p.plays, {OF_TRACK} FROM popular_tracks p JOIN tracks t USING (track_id) ORDER BY p.rank LIMIT %s"
)
TRACKS = f"SELECT {OF_TRACK} FROM tracks t WHERE t.track_id = ANY(%s)"
HISTORY = f"""
    SELECT l.listened_at, {OF_TRACK} FROM listen_history l JOIN tracks t USING (track_id)
    WHERE l.user_id = %s AND l.listened_at < %s ORDER BY l.listened_at DESC, l.position DESC LIMIT %s"""
SIMILAR = f"""
    SELECT s.score, {OF_TRACK} FROM current_similar_tracks s JOIN tracks t ON t.track_id = s.similar_track_id
    WHERE s.track_id = %s AND t.available ORDER BY s.rank"""
SEARCH = f"""
    SELECT {OF_TRACK} FROM tracks t LEFT JOIN popular_tracks p USING (track_id)
    WHERE t.available AND t.name || ' ' || t.artist ILIKE ALL(%(patterns)s)
    ORDER BY CASE WHEN lower(%(text)s) IN (lower(t.name), lower(t.artist)) THEN 0
                  WHEN t.name ILIKE %(begin)s OR t.artist ILIKE %(begin)s THEN 1
                  WHEN t.name ILIKE %(word)s OR t.artist ILIKE %(word)s THEN 2 ELSE 3 END, p.rank, t.track_id
    LIMIT %(limit)s"""
AMONG = """
    SELECT user_id FROM recommendations
    WHERE date = %s AND rank = 1 AND user_id BETWEEN %s AND %s ORDER BY user_id LIMIT %s"""
OTHERS = """
    SELECT user_id FROM users u
    WHERE available AND user_id BETWEEN %s AND %s
      AND NOT EXISTS (SELECT FROM recommendations r WHERE r.user_id = u.user_id AND r.date = %s)
    ORDER BY user_id LIMIT %s"""
PRESENT = "SELECT available, EXISTS (SELECT FROM tracks WHERE available) AS tracks FROM users WHERE user_id = %s"
LIVE = """
    SELECT date, model, model_version, value, low, high, users FROM evaluations
    WHERE kind = 'live' AND metric = 'ndcg' AND k = %s AND model IN ('als', 'popularity_als') AND date > %s AND date <= %s
    ORDER BY date"""
DECISIONS = f"""
    SELECT date, step, decision, reason, model_version FROM decisions WHERE date = %s
    ORDER BY {PLACE}"""
CHAMPION = "SELECT since AS date, step, step AS decision, reason, model_version FROM current_champion"


class PostgresDay:
    def __init__(self, connection: AsyncConnection, published: dict[str, Any], settings: Settings) -> None:
        self.date: datetime.date = published["date"]
        self.model_version: str = published["model_version"]
        self.users: int = published["users"]
        self._connection = connection
        self._k, self._length = settings.evaluate.k, settings.recommend.k

    async def recommendations(self, user_id: int, k: int) -> Listing:
        rows = await self._rows(LISTED, [self.date, user_id, k])
        if not rows:
            found = await self._rows(PRESENT, [user_id])
            present, tracks = (found[0]["available"], found[0]["tracks"]) if found else (None, True)
            return without_list(present, tracks, await self.popular(k))
        heard = await self._tracks({track for row in rows for track in row["because"]})
        listed: list[Listed] = [
            {
                "rank": row["rank"],
                "score": round(row["score"], 4),
                "track": track_of(row),
                "because": [heard[track] for track in row["because"] if track in heard],
            }
            for row in rows
        ]
        made = rows[0]["source"], rows[0]["model_version"]
        return listing(listed, made, len(listed) < min(k, self._length))

    async def popular(self, k: int) -> list[Listed]:
        rows = await self._rows(POPULAR, [k])
        return [
            {"rank": row["rank"], "score": float(row["plays"]), "track": track_of(row), "because": []} for row in rows
        ]

    async def _tracks(self, track_ids: set[int]) -> dict[int, Track]:
        rows = await self._rows(TRACKS, [list(track_ids)]) if track_ids else []
        return {row["track_id"]: track_of(row) for row in rows}

    async def history(self, user_id: int, limit: int) -> list[Play]:
        end = midnight(self.date + datetime.timedelta(days=1))
        rows = await self._rows(HISTORY, [user_id, end, limit])
        return [{"listened_at": row["listened_at"].astimezone(datetime.UTC), "track": track_of(row)} for row in rows]

    async def track(self, track_id: int) -> Track | None:
        return (await self._tracks({track_id})).get(track_id)

    async def similar(self, track_id: int) -> list[Similar]:
        rows = await self._rows(SIMILAR, [track_id])
        return [{"score": round(row["score"], 4), "track": track_of(row)} for row in rows]

    async def search(self, text: str, limit: int) -> list[Track]:
        words = text.replace("\0", " ").split()
        if not words:
            return []
        whole = " ".join(words)
        given = {
            "patterns": [f"%{_escaped(word)}%" for word in words],
            "text": whole,
            "begin": f"{_escaped(whole)}%",
            "word": f"% {_escaped(whole)}%",
            "limit": limit,
        }
        return [track_of(row) for row in await self._rows(SEARCH, given)]

    async def listeners(self, prefix: str, limit: int) -> list[int]:
        found: list[int] = []
        spans = list(ranges(prefix)) if prefix else [(0, MAX_ID)]
        for low, high in spans:
            found += await self._ids(AMONG, [self.date, low, high], limit - len(found))
        for low, high in spans:
            found += await self._ids(OTHERS, [low, high, self.date], limit - len(found))
        return found

    async def _ids(self, query: str, given: list[Any], most: int) -> list[int]:
        return [row["user_id"] for row in await self._rows(query, [*given, most])] if most > 0 else []

    async def health(self) -> ModelHealth:
        since = self.date - datetime.timedelta(days=DAYS)
        live = await self._rows(LIVE, [self._k, since, self.date])
        decisions = await self._rows(DECISIONS, [self.date])
        return health_of(self._k, live, decisions, await self._rows(CHAMPION, []))

    async def _rows(self, query: str, given: Sequence[Any] | dict[str, Any]) -> list[dict[str, Any]]:
        return await _rows(self._connection, query, given)


class PostgresStore:
    """Holds nothing but a few connections; a new day is there with the commit that publishes it."""

    def __init__(self, settings: Settings) -> None:
        self._pool, self._settings = Pool(settings.postgres), settings

    async def start(self) -> None:
        """Nothing: where the server is away, the requests say so until it is back."""

    async def stop(self) -> None:
        await self._pool.close()

    @contextlib.asynccontextmanager
    async def day(self) -> AsyncIterator[PostgresDay]:
        async with self._pool.transaction() as connection:
            try:
                published = await _rows(connection, PUBLISHED, [])
            except psycopg.errors.UndefinedTable:
                raise NoDay("nothing has been published to this database yet") from None
            if not published:
                raise NoDay("no day has been published to this database yet")
            yield PostgresDay(connection, published[0], self._settings)


async def _rows(connection: AsyncConnection, query: str, given: Sequence[Any] | dict[str, Any]) -> list[dict[str, Any]]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(query.encode(), given)
        return await cursor.fetchall()


def _escaped(word: str) -> str:
    """For LIKE, as text."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
