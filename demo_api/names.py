"""Names that look like real ones, each from uniform numbers in [0, 1)."""

import unicodedata
from collections.abc import Sequence

from demo_api import words
from demo_api.draws import pick

GENDERS = ("Female", "Male", "Non-binary")
GIVEN_NAMES = (words.FEMALE_NAMES, words.MALE_NAMES, words.NEUTRAL_NAMES)
GENDER_LIMITS = (0.48, 0.96)
# Reserved for examples by RFC 2606: nobody's address.
MAIL_HOSTS = ("example.com", "example.net", "example.org")

Chances = Sequence[float]


def gender(chance: float) -> int:
    """Index into GENDERS and GIVEN_NAMES."""
    return sum(chance >= limit for limit in GENDER_LIMITS)


def email(first_name: str, last_name: str, number: int) -> str:
    return f"{_ascii(first_name)}.{_ascii(last_name)}{number}@{MAIL_HOSTS[number % len(MAIL_HOSTS)]}"


def person(chances: Chances) -> str:
    """First and last name, of three numbers."""
    return f"{pick(GIVEN_NAMES[gender(chances[0])], chances[1])} {pick(words.LAST_NAMES, chances[2])}"


def artist(chances: Chances) -> str:
    """A person or a band, of four numbers."""
    kind, first, second, third = chances
    adjective, noun = pick(words.ADJECTIVES, first), pick(words.NOUNS, second)
    if kind < 0.4:
        return person((first, second, third))
    if kind < 0.6:
        return f"The {adjective} {_plural(noun)}"
    if kind < 0.8:
        return f"{adjective} {noun}"
    return f"{pick(words.PLACES, third)} {_plural(noun)}"


def title(chances: Chances) -> str:
    """Of a track or an album, of three numbers; short ones come up more than once, as they do in life."""
    kind, first, second = chances
    noun = pick(words.NOUNS, second)
    if kind < 0.3:
        return f"{pick(words.ADJECTIVES, first)} {noun}"
    if kind < 0.55:
        return f"{pick(words.VERBS, first)} the {noun}"
    if kind < 0.75:
        return f"{pick(words.NOUNS, first)} of the {noun}"
    if kind < 0.9:
        return f"{noun} in {pick(words.PLACES, first)}"
    return noun


def _plural(noun: str) -> str:
    if noun.endswith(("x", "ss", "ch", "sh")):
        return f"{noun}es"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun[:-1]}ves" if noun.endswith("lf") else f"{noun}s"


def _ascii(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.replace("ı", "i"))
    return decomposed.encode("ascii", "ignore").decode().lower()
