"""The proof that pages are one whole state of an entity.

A plain API gives no snapshot to read from, so what was read is held against what the API says while and
after it is read:

- each page is as long as its own ``total`` says, and no total is lower than one that was known before it
  was asked for;
- at the end the first page, the last, a random choice of others (all, where there are few) and every page
  with a repeated key are asked again and must begin with the very rows that were kept;
- a total that grew is followed until the rows are as many as it says.

Rows that are inserted, deleted or moved while pages are read either change a total, or push a row onto a
page that is read later, where its key repeats. Data that are replaced (a restart, a second server) differ
on the pages asked again.
"""

import math
import random
import threading
from collections.abc import Iterator

from conf.contract import Entity
from conf.settings import ApiSettings
from tasks.api.api_errors import Torn
from tasks.api.body import DIGEST_SIZE, FetchedPage, read_page, rows_on_page
from tasks.api.client import Client
from tasks.api.keylog import KeyLog
from tasks.api.pipeline import in_order

LOSING_ROUNDS = 3  # times that more rows are left than before, until an entity counts as growing too fast


class Proof:
    """Asks for an entity's pages, and holds what is kept against what is asked again."""

    def __init__(self, client: Client, entity: Entity, api: ApiSettings, keys: KeyLog) -> None:
        self.rows = 0
        self.total = 0
        self.repeated = 0
        self._client, self._entity, self._api, self._keys = client, entity, api, keys
        self._size = api.page_size
        self._digests = bytearray()
        self._lock = threading.Lock()

    @property
    def pages(self) -> int:
        """Pages that the highest total known makes."""
        return math.ceil(self.total / self._size)

    def new_pages(self) -> Iterator[FetchedPage]:
        """Rows that are not held yet, page by page in order, until they are as many as the API says.

        Raises:
            Torn: a total fell, or a page that is asked again has changed.
        """
        if not self.rows:
            yield self._take(self._ask(1, alone=True))
        losing, before = 0, math.inf
        while left := self.total - self.rows:
            losing += left >= before
            if losing == LOSING_ROUNDS:
                raise Torn(f"the total grew to {self.total} faster than its rows could be read")
            numbers = range(self.rows // self._size + 1, self.pages + 1)
            for page in in_order(self._ask, numbers, self._api.concurrency):
                yield self._take(page)
            before = left

    def verify(self) -> None:
        """Ask again for the pages that would show a change.

        Raises:
            Torn: one of them has changed.
        """
        last = max(1, math.ceil(self.rows / self._size))
        # Twice in a row: two servers that take turns could else answer just as they did before.
        for number in (1, 1, last, last):
            self._compare(self._ask(number, alone=True))
        for page in in_order(self._ask, self._others(last), self._api.concurrency):
            self._compare(page)

    def _others(self, last: int) -> list[int]:
        """Pages with repeated keys, and a random choice, in any order."""
        places = self._keys.repeats()
        self.repeated = len(places)
        between = range(2, last)
        chosen = random.sample(between, min(len(between), self._api.verify_pages))
        others = list({*chosen, *(int(place) // self._size + 1 for place in places)} - {1, last})
        random.shuffle(others)
        return others

    def _ask(self, number: int, alone: bool) -> FetchedPage:
        known = self.total
        query = {"page": number, "size": self._size}
        page = self._client.get(self._entity.path, query, lambda body: read_page(body, number, self._size), alone)
        if page.total < known:
            raise Torn(f"the total fell from {known} to {page.total}")
        with self._lock:
            self.total = max(self.total, page.total)
        return page

    def _take(self, page: FetchedPage) -> FetchedPage:
        """The page without the rows that are held already."""
        held = self._compare(page)
        new = FetchedPage(page.number, page.total, page.lines[held:]) if held else page
        self._keys.add(new.rows)
        begin = (page.number - 1) * DIGEST_SIZE
        self._digests[begin : begin + DIGEST_SIZE] = page.digest(len(page.lines))
        self.rows += len(new.lines)
        return new

    def _compare(self, page: FetchedPage) -> int:
        """How many of the page's rows are held; they must be the same."""
        held = rows_on_page(page.number, self._size, self.rows)
        begin = (page.number - 1) * DIGEST_SIZE
        if held and page.digest(held) != self._digests[begin : begin + DIGEST_SIZE]:
            raise Torn(f"page {page.number} of {self.pages} holds other rows when it is asked again")
        return held
