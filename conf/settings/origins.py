"""Each setting with its value, where that came from, what it may be and what it means."""

import dataclasses
import os
from collections.abc import Iterator, Mapping

from conf.settings.config_files import Given
from conf.settings.flags import flag
from conf.settings.keys import HIDDEN, describe, is_secret
from conf.settings.sections import SECTIONS, Settings, settings_of


@dataclasses.dataclass(frozen=True)
class Known:
    """One setting as a user may see it: a secret's value is not in it."""

    section: str
    key: str
    value: str
    source: str  # default, FILE:LINE, --flag, or the variable
    default: str
    allowed: str
    meaning: str
    flag: str  # empty for a secret
    variable: str  # of a secret


def known(
    settings: Settings, given: Mapping[str, Mapping[str, Given]], flags: Mapping[str, Mapping[str, str]]
) -> Iterator[Known]:
    """All settings, in the order of their declaration."""
    for section in SECTIONS:
        for name, field in settings_of(section).items():
            value, variable = str(getattr(getattr(settings, section), name)), field.metadata["env"]
            yield Known(
                section=section,
                key=name,
                value=HIDDEN if is_secret(name, value) else value,
                source=_source(section, name, variable, given, flags),
                default=str(field.default),
                allowed=describe(field),
                meaning=field.metadata["help"],
                flag="" if variable else flag(section, name),
                variable=variable,
            )


def _source(
    section: str,
    name: str,
    variable: str,
    given: Mapping[str, Mapping[str, Given]],
    flags: Mapping[str, Mapping[str, str]],
) -> str:
    if name in flags.get(section, {}):
        return flag(section, name)
    if variable and variable in os.environ:
        return variable
    if variable and os.environ.get(f"{variable}_FILE"):
        return f"{variable}_FILE={os.environ[f'{variable}_FILE']}"
    found = given.get(section, {}).get(name)
    return found.place if found else "default"
