"""How functions are compiled to machine code, and where the result is kept."""

from collections.abc import Callable
from typing import Any

from numba import njit

# What a compiler needs to use vector registers for a sum; NaN and infinity keep their meaning.
FASTMATH = {"reassoc", "contract", "nsz"}


def compiled(signature: str) -> Callable[[Callable], Any]:
    """Compile when the module is loaded, for these types; the next process finds it in ``__pycache__``.

    Where neither that nor a cache of the user's can be written, each process compiles for itself (some seconds).
    """

    def decorate(function: Callable) -> Any:
        try:
            return njit(signature, nogil=True, fastmath=FASTMATH, cache=True)(function)
        except RuntimeError as error:
            if "cannot cache" not in str(error):
                raise
            return njit(signature, nogil=True, fastmath=FASTMATH)(function)

    return decorate
