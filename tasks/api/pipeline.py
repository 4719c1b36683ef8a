"""Pages asked for at once and handed over in order, only so many in memory."""

import collections
import concurrent.futures
from collections.abc import Callable, Iterable, Iterator

from tasks.api.body import FetchedPage


def in_order(ask: Callable[[int], FetchedPage], numbers: Iterable[int], width: int) -> Iterator[FetchedPage]:
    """``ask`` for each number, ``width`` at once; at most twice as many are under way or wait to be taken."""
    executor = concurrent.futures.ThreadPoolExecutor(width, thread_name_prefix="page")
    under_way: collections.deque[concurrent.futures.Future[FetchedPage]] = collections.deque()
    try:
        for number in numbers:
            under_way.append(executor.submit(ask, number))
            if len(under_way) == 2 * width:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
