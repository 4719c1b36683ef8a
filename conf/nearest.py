"""The word that was probably meant, for messages about one that is not known."""

import difflib
from collections.abc import Iterable


def nearest(word: str, known: Iterable[str], likeness: float = 0.6) -> str:
    """The nearest of the known words that is at least so alike (0 to 1); empty where none is."""
    return next(iter(difflib.get_close_matches(word, list(known), 1, likeness)), "")


def meant(word: str, known: Iterable[str], otherwise: str) -> str:
    """``did you mean …?`` with the nearest of the known words, or what to say where none is near."""
    near = nearest(word, known)
    return f"did you mean {near}?" if near else otherwise
