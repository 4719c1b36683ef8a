"""The commands that messages advise, as their reader can type them.

Messages name make's targets. Where the package is installed without a checkout there is no Makefile, and
:func:`typed` puts the command of ``moovitamix`` in its place.
"""

import re

from conf.checkout import IS_CHECKOUT

# What the target's recipe calls, and what its variables become there.
TARGETS = {
    "app": "moovitamix app",
    "check-lake": "moovitamix check",
    "forget": "moovitamix forget",
    "mail-check": "moovitamix mail --test",
    "models": "moovitamix models",
    "rollback": "moovitamix rollback",
    "run": "moovitamix demo",
    "sql": "moovitamix sql",
    "status": "moovitamix status",
    "trend": "moovitamix trend",
    "up-local": "moovitamix services up",
}
FLAGS = {"DATE": "--date", "Q": "--query", "ROOT": "--lake-root", "USER": "--user", "VERSION": "--to"}
WORD = r"""(?:"[^"]*"|'[^']*'|[^\s;,"'])+"""
COMMAND = re.compile(rf"\bmake ({'|'.join(TARGETS)})\b(?!-)((?: [A-Z]+={WORD})*)")


def typed(text: str, checkout: bool = IS_CHECKOUT) -> str:
    """A message with its commands as they are typed here."""
    return text if checkout else COMMAND.sub(_moovitamix, text)


def _moovitamix(found: re.Match[str]) -> str:
    flags = re.sub(r"(?<= )([A-Z]+)(?==)", lambda name: FLAGS.get(name[1], name[1]), found[2])
    return TARGETS[found[1]] + flags
