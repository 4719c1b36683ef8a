"""Pages asked for at once and handed over in order, only so many and so much in memory."""

import collections
import concurrent.futures
from collections.abc import Callable, Iterable, Iterator

from tasks.api.api_errors import LargePage
from tasks.api.body import FetchedPage


def in_order(ask: Callable[[int, bool], FetchedPage], numbers: Iterable[int], width: int) -> Iterator[FetchedPage]:
    """``ask`` for each number, ``width`` at once; at most twice as many are under way or wait to be taken.

    ``ask`` is told whether the page is asked for alone. One that is too large to be among others is asked for again,
    alone, when it is its turn.
    """
    executor = concurrent.futures.ThreadPoolExecutor(width, thread_name_prefix="page")
    under_way: collections.deque[tuple[int, concurrent.futures.Future[FetchedPage]]] = collections.deque()

    def taken() -> FetchedPage:
        number, future = under_way.popleft()
        try:
            return future.result()
        except LargePage:
            return ask(number, True)

    try:
        for number in numbers:
            under_way.append((number, executor.submit(ask, number, False)))
            if len(under_way) == 2 * width:
                yield taken()
        while under_way:
            yield taken()
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
