"""How far a figure could be off by chance: user-level bootstrap intervals (Efron 1979), in numpy.

Users are drawn with replacement, as many as there are, and the figure is worked out again; ``low`` and ``high``
are percentiles 2.5 and 97.5 of what that gives. The draws depend on the number of users alone.
"""

from collections.abc import Iterator, Sequence

import numpy as np

RESAMPLES = 1000
FEWEST_RESAMPLES = 200
WORK = 20_000_000  # draws, over all resamples: of more than 20,000 users there are fewer resamples than 1,000
SEED = 20_080_101
CHUNK = 2_000_000  # draws held at once
BOUNDS = (2.5, 97.5)

# A track in so many lists is absent from one resample in e^40 only: such tracks need no counting.
SURELY_DRAWN = 40
COVERAGE_WORK = 10_000_000  # list entries looked at, over all resamples

Interval = tuple[float, float, float]  # value, low, high


def affordable(items: int, work: int) -> int:
    """How many resamples there are of so many items."""
    return int(np.clip(work // items, FEWEST_RESAMPLES, RESAMPLES))


def resamples(users: int, count: int | None = None, seed: int = SEED) -> Iterator[np.ndarray]:
    """How often each user was drawn: blocks int64 (some resamples, users), ``count`` resamples in all."""
    count = count or affordable(users, WORK)
    generator = np.random.default_rng(seed)
    step = max(1, CHUNK // users)
    for start in range(0, count, step):
        block = min(step, count - start)
        drawn = generator.integers(0, users, size=(block, users)) + np.arange(block)[:, None] * users
        yield np.bincount(drawn.ravel(), minlength=block * users).reshape(block, users)


def bootstrap(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The bounds of the mean over users.

    Args:
        values: float64 (users, columns), at least one user.

    Returns:
        low and high, (columns,) each; the same for the same values.
    """
    means = [drawn.astype(np.float64) @ values / len(values) for drawn in resamples(len(values))]
    low, high = np.percentile(np.concatenate(means), BOUNDS, axis=0)
    return low, high


def ratios(parts: np.ndarray, wholes: np.ndarray, seed: int = SEED) -> np.ndarray:
    """The sum of ``parts`` over that of ``wholes`` in each resample, (resamples,).

    Args:
        parts, wholes: one pair a user, (users,); every whole is above 0.
    """
    both = np.column_stack([parts, wholes]).astype(np.float64)
    sums = np.concatenate([drawn.astype(np.float64) @ both for drawn in resamples(len(both), seed=seed)])
    return sums[:, 0] / sums[:, 1]


def share(parts: np.ndarray, wholes: np.ndarray) -> Interval:
    """The sum of ``parts`` over that of ``wholes``, as :func:`ratios` takes them."""
    return around(parts.sum() / wholes.sum(), np.percentile(ratios(parts, wholes), BOUNDS))


def coverage(positions: np.ndarray, catalogue: int) -> Interval:
    """The share of the catalogue that stands in at least one list (Herlocker et al. 2004), and its bounds.

    A resample holds some 63 % of the users, so that its lists cover less than all of them do. The spread over the
    resamples is taken, and laid around the value: their median stands for it.

    Args:
        positions: int64 (users, length), a place from 0 to ``catalogue`` - 1, or -1 for none; at least one user.
        catalogue: how many tracks there are, at least one.
    """
    users, columns = np.nonzero(positions >= 0)
    places = positions[users, columns]
    lists = np.bincount(places, minlength=catalogue)
    value = np.count_nonzero(lists) / catalogue
    rare = lists[places] < SURELY_DRAWN
    users, places = users[rare], places[rare]
    if not len(users):
        return value, value, value
    order = np.argsort(places, kind="stable")
    users, places = users[order], places[order]
    first = np.flatnonzero(np.diff(places, prepend=-1))
    covered = np.concatenate(
        [
            np.count_nonzero(np.logical_or.reduceat((row > 0)[users], first), keepdims=True)
            for drawn in resamples(len(positions), affordable(len(users), COVERAGE_WORK))
            for row in drawn
        ]
    )
    low, middle, high = np.percentile(covered / catalogue, (BOUNDS[0], 50, BOUNDS[1]))
    return around(value, np.clip([value + low - middle, value + high - middle], 0, 1))


def around(value: float, bounds: Sequence[float] | np.ndarray) -> Interval:
    """The value and its bounds; of few users a percentile can stop short of the value itself."""
    return float(value), float(min(value, bounds[0])), float(max(value, bounds[1]))
