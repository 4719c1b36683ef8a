"""The lake as a store: the newest day in memory, the next one built beside it and put in its place at once."""

import asyncio
import contextlib
import logging
import time
from concurrent.futures import ThreadPoolExecutor

from deltalake import DeltaTable

from app.stores.lake_day import LakeDay, read_day
from app.stores.lake_tables import LISTS, newest_day
from app.stores.store import NoDay
from conf.settings import Settings
from lake.access import Lake

log = logging.getLogger("app")

EVERY = 0.5  # seconds between two looks at the table's log
ANEW = 20  # at every such look the table is opened anew: another lake may have been put in its place
READERS = 2  # threads that read history and figures: what they wait for is the disk and the processor


class _Lent:
    """A context that is nothing but its day: one reference, read once."""

    def __init__(self, day: LakeDay | None) -> None:
        self._day = day

    async def __aenter__(self) -> LakeDay:
        if self._day is None:
            raise NoDay("no lists have been published in this lake yet")
        return self._day

    async def __aexit__(self, *_: object) -> None:
        return None


class LakeStore:
    """Memory: the day served, and for the seconds of a change the next one beside it and the rows that it is made of."""

    def __init__(self, settings: Settings) -> None:
        self._tables = Lake(settings.lake.root, any_schema=True)
        self._settings = settings
        self._pool = ThreadPoolExecutor(READERS, "lake")
        self._lent = _Lent(None)
        self._lists: DeltaTable | None = None
        self._seen: object = None  # what the served day was built from
        self._version = -1  # of the table when it was last looked at
        self._looks = 0
        self._watch: asyncio.Task | None = None
        self.failing = ""  # why the newest day cannot be loaded

    def day(self) -> _Lent:
        return self._lent

    async def start(self) -> None:
        """Returns when the newest day is served, or there is none."""
        await self._look()
        self._watch = asyncio.create_task(self._keep_looking())

    async def stop(self) -> None:
        if self._watch:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            await self._look()

    async def _look(self) -> None:
        """Serve a newer day if there is one; what fails is logged, and tried again at the next look."""
        try:
            day = await asyncio.to_thread(self._newer)
        except Exception as error:
            if str(error) != self.failing:
                log.exception("the newest day cannot be loaded; the last one is served")
            self.failing, self._lists, self._version = str(error), None, -1
            return
        self.failing = ""
        if day:
            self._lent = _Lent(day)

    def _newer(self) -> LakeDay | None:
        """The newest day, read whole, unless it is the one that is served."""
        self._looks += 1
        if self._lists is None or self._looks % ANEW == 0:
            self._lists, self._version = self._tables.open(LISTS), -1
        else:
            self._lists.update_incremental()
        if self._lists is None:
            if self._seen is not None:
                raise FileNotFoundError("the lake is gone")
            return None
        if self._lists.version() == self._version:
            return None
        version, found = self._lists.version(), newest_day(self._lists, self._tables.dates("accounting"))
        if found is None or found == self._seen:
            self._version = version
            return None
        begun = time.monotonic()
        day = read_day(self._tables, self._lists, found[0], self._settings, self._pool)
        self._seen, self._version = found, version
        log.info("serving %s: %s users, read in %.1f s", day.date, f"{day.users:,}", time.monotonic() - begun)
        return day
