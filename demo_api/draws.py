"""Chance that repeats: uniform numbers that depend on nothing but a seed and a name."""

import zlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

Column = np.ndarray
T = TypeVar("T")


def generator(seed: int, *key: str | int) -> np.random.Generator:
    """A stream of its own for each seed and key.

    Only its ``random`` is to be used: unlike ``choice`` or ``permutation``, its numbers do not change
    between versions of numpy.
    """
    words = [zlib.crc32(str(part).encode()) for part in key]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *words])))


def column(seed: int, name: str, count: int) -> Column:
    """``count`` uniform numbers in [0, 1). A longer column begins with the same numbers as a shorter one."""
    return generator(seed, name).random(count)


def pick(choices: Sequence[T], chance: float) -> T:
    """The choice that a uniform number stands for."""
    return choices[int(chance * len(choices))]
