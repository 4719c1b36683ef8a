"""One published day, read from the lake once and kept in memory."""

import asyncio
import datetime
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from app.stores import lake_tables
from app.stores.lake_tables import column, texts
from app.stores.model_health import DAYS, health_of
from app.stores.packed import PackedLists, ranges, reasons, with_digits
from app.stores.store import (
    MAX_ID,
    TEXTS,
    TRACK,
    Away,
    Listed,
    Listing,
    ModelHealth,
    Play,
    Similar,
    Track,
    listing,
    without_list,
)
from app.stores.track_index import TrackIndex, unknown
from conf.current_plays import POPULAR
from conf.settings import Settings
from conf.tables import TRACKS
from lake import delta
from lake.access import Lake
from lake.champion import champion_before, moves
from lake.delta import arrow_schema

log = logging.getLogger("app")


class LakeDay:
    """Lists, tracks and similar tracks in memory; history, figures and the report are read when they are asked for."""

    def __init__(
        self,
        tables: Lake,
        date: datetime.date,
        model_version: str,
        lists: PackedLists,
        made: list[tuple[str, str]],  # the kinds of list: source and model_version
        kinds: np.ndarray,  # of each list
        catalogue: TrackIndex,
        popular: tuple[np.ndarray, np.ndarray],  # places in the catalogue and plays
        similar: PackedLists,
        settings: Settings,
        pool: Executor,
    ) -> None:
        self.date, self.model_version, self.users = date, model_version, len(lists.keys)
        self._tables, self._lists, self._made, self._kinds = tables, lists, made, kinds
        self._catalogue, self._popular, self._similar = catalogue, popular, similar
        self._k, self._length, self._pool = settings.evaluate.k, settings.recommend.k, pool

    async def recommendations(self, user_id: int, k: int) -> Listing:
        place = self._lists.place(user_id)
        if place < 0:
            present = await self._present(user_id)
            return without_list(present, bool(self._catalogue.available.any()), await self.popular(k))
        tracks, scores, because = self._lists.ranked(place, k)
        at = self._catalogue.at
        listed: list[Listed] = [
            {
                "rank": rank,
                "score": round(score, 4),
                "track": at(track),
                "because": [at(reason) for reason in heard if reason >= 0],
            }
            for rank, (track, score, heard) in enumerate(zip(tracks, scores, because, strict=True), 1)
        ]
        return listing(listed, self._made[self._kinds[place]], len(listed) < min(k, self._length))

    async def _present(self, user_id: int) -> bool | None:
        """Asked of the table each time: who is forgotten is not known from that moment on."""
        rows = await self._rows("users_served", lake_tables.presence_of(self.date, user_id))
        found = rows[0]["present"] if rows else None
        return None if found is None else bool(found)

    async def popular(self, k: int) -> list[Listed]:
        places, plays = (part[:k].tolist() for part in self._popular)
        return [
            {"rank": rank, "score": float(score), "track": self._catalogue.at(place), "because": []}
            for rank, (place, score) in enumerate(zip(places, plays, strict=True), 1)
        ]

    async def history(self, user_id: int, limit: int) -> list[Play]:
        rows = await self._rows("listens", lake_tables.history_of(self.date, user_id, limit))
        return [{"listened_at": row["listened_at"], "track": self._catalogue.get(row["track_id"])} for row in rows]

    async def track(self, track_id: int) -> Track | None:
        index = self._catalogue.index(track_id)
        return self._catalogue.at(index) if index >= 0 else None

    async def similar(self, track_id: int) -> list[Similar]:
        place = self._similar.place(track_id)
        if place < 0:
            return []
        found, available = self._similar.ranked(place, len(self._catalogue.ids)), self._catalogue.available
        pairs = zip(found.scores, found.tracks, strict=True)
        return [
            {"score": round(score, 4), "track": self._catalogue.at(index)}
            for score, index in pairs
            if index >= 0 and available[index]
        ]

    async def search(self, text: str, limit: int) -> list[Track]:
        return self._catalogue.search(text, limit)

    async def listeners(self, prefix: str, limit: int) -> list[int]:
        keys = self._lists.keys
        if prefix:
            found = with_digits(keys, prefix, limit)
        else:
            found = keys[np.linspace(0, len(keys) - 1, min(limit, len(keys))).astype(int)].tolist()
        if len(found) < limit:  # then these are all that have a list, and as many others are among twice the limit
            spans = list(ranges(prefix)) if prefix else [(0, MAX_ID)]
            rows = await self._rows("users_served", lake_tables.users_of(self.date, spans, 2 * limit))
            found += [row["user_id"] for row in rows if self._lists.place(row["user_id"]) < 0][: limit - len(found)]
        return found

    async def health(self) -> ModelHealth:
        live, decisions, champion = await asyncio.gather(
            self._rows("evaluations", lake_tables.live_of(self.date, DAYS, self._k)),
            self._rows("decisions", lake_tables.decisions_of(self.date)),
            self._in_pool(self._champion),
        )
        return health_of(self._k, live, decisions, champion)

    def _champion(self) -> list[dict]:
        return [dict(move) for move in moves(self._tables.rows("decisions", [("date", "<=", self.date)]))[-1:]]

    def _answer(self, table: str, query: str) -> list[dict]:
        found = self._tables.query(table, query)
        if found is None and self._tables.open(lake_tables.LISTS) is None:
            raise FileNotFoundError("the lake is gone")
        return [] if found is None else found.to_pylist()

    async def _rows(self, table: str, query: str) -> list[dict]:
        return await self._in_pool(self._answer, table, query)

    async def _in_pool(self, ask: Callable[..., list[dict]], *given: str) -> list[dict]:
        """
        Raises:
            Away: the lake does not let itself be read.
        """
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, ask, *given)
        except delta.UNREADABLE as error:
            # The words may name folders and hosts: for the log alone.
            log.warning("the lake cannot be read: %s", error)
            raise Away("the lake cannot be read now; it is asked again with the next request") from error


def read_day(tables: Lake, lists: DeltaTable, date: datetime.date, settings: Settings, pool: Executor) -> LakeDay:
    """The day as one version of ``recommendations`` has it."""
    rows = delta.query(lists, lake_tables.lists_of(date)).sort_by([("user_id", "ascending"), ("rank", "ascending")])
    firsts = delta.query(lists, lake_tables.firsts_of(date))
    listed = column(rows, "track_id", pa.int64()).to_numpy()
    catalogue, popular = read_catalogue(tables, date, settings.recommend.popular_days, np.unique(listed))
    starts, heard = reasons(rows["because"])
    packed = PackedLists(
        column(rows, "user_id", pa.int64()).to_numpy(),
        catalogue.indices(listed),
        column(rows, "score", pa.float32()).to_numpy(),
        (starts, catalogue.indices(heard)),
    )
    made, kinds = kinds_of(firsts)
    version = max((version for source, version in made if source == "als"), default="") or in_production(tables, date)
    similar = read_similar(tables, version, catalogue)
    return LakeDay(tables, date, version, packed, made, kinds, catalogue, popular, similar, settings, pool)


def in_production(tables: Lake, date: datetime.date) -> str:
    """The version that served the date, also where no list came from it; empty where there was none."""
    champion = champion_before(tables, date + datetime.timedelta(days=1))
    return champion.version if champion else ""


def kinds_of(firsts: pa.Table) -> tuple[list[tuple[str, str]], np.ndarray]:
    """The distinct (source, model_version), and which of them each list is (uint8), in the order of users."""
    both = pc.binary_join_element_wise(
        column(firsts, "source", pa.string()), column(firsts, "model_version", pa.string()).fill_null(""), "\n"
    )
    coded = pa.chunked_array([both.combine_chunks()]).dictionary_encode().combine_chunks()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.chunk(0)
    made = [tuple(text.split("\n")) for text in coded.dictionary.to_pylist()]
    order = np.argsort(column(firsts, "user_id", pa.int64()).to_numpy())
    return made, coded.indices.to_numpy().astype(np.uint8)[order]


def read_catalogue(
    tables: Lake, date: datetime.date, popular_days: int, listed: np.ndarray
) -> tuple[TrackIndex, tuple[np.ndarray, np.ndarray]]:
    """The tracks, and the popular list: places and recent plays of those available on the date, most popular first."""
    tracks = tables.query("tracks", lake_tables.catalogue_of(date))
    known = np.zeros(0, np.int64) if tracks is None else column(tracks, "track_id", pa.int64()).to_numpy()
    there = np.zeros(0, bool) if tracks is None else tracks["available"].to_numpy()
    missing = np.setdiff1d(listed, known)
    rows = [texts(tracks.drop(["available"]), TEXTS)] if tracks is not None else []
    if len(missing):  # never lists without a name, whatever happened to the table of tracks
        schema = rows[0].schema if rows else None
        rows.append(pa.Table.from_pylist([listed_row(track) for track in missing.tolist()], schema=schema))
    both = pa.concat_tables(rows) if rows else pa.Table.from_pylist([], schema=arrow_schema(TRACKS, list(TRACK)))
    both = both.sort_by("track_id") if len(missing) else both
    counts = tables.query("listens", lake_tables.plays_of(date, popular_days))
    ids = both["track_id"].to_numpy()
    recent, ever = np.zeros(len(ids), np.int64), np.zeros(len(ids), np.int64)
    if counts is not None and counts.num_rows:
        played = column(counts, "track_id", pa.int64()).to_numpy()
        of_these = np.isin(played, ids)
        places = np.searchsorted(ids, played[of_these])
        recent[places] = column(counts, "recent", pa.int64()).to_numpy()[of_these]
        ever[places] = column(counts, "ever", pa.int64()).to_numpy()[of_these]
    available = ~np.isin(ids, known[~there])
    order = np.lexsort((ids, -ever, -recent))
    order = order[available[order]]
    return TrackIndex(both, available, order), (order[:POPULAR], recent[order[:POPULAR]])


def listed_row(track_id: int) -> dict[str, Any]:
    """Columns of a listed track that the table of tracks misses."""
    row = dict(unknown(track_id))
    return {name: row[name] for name in TRACK}


def read_similar(tables: Lake, version: str, catalogue: TrackIndex) -> PackedLists:
    rows = tables.query("similar_tracks", lake_tables.similar_of(version)) if version else None
    if rows is None:
        return PackedLists(np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32))
    return PackedLists(
        column(rows, "track_id", pa.int64()).to_numpy(),
        catalogue.indices(column(rows, "similar_track_id", pa.int64()).to_numpy()),
        column(rows, "score", pa.float32()).to_numpy(),
    )
