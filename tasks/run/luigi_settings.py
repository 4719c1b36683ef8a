"""The settings as Luigi sees them: a section is a config class, so every key is also a flag (``--api-base-url``).

Luigi reads the same files as a job (:mod:`conf.settings.config_files`). What it does with them besides is left out here:
in our sections ``%`` and ``${…}`` stand for themselves, and an empty flag is a value like others.
"""

import argparse
import dataclasses
import sys

import luigi
from luigi.cmdline_parser import CmdlineParser
from luigi.parameter import ParameterVisibility

from conf.errors import BadSetting
from conf.settings import (
    SECTIONS,
    Settings,
    describe,
    flag,
    given_flags,
    parse,
    read_file,
    refuse_passwords,
    settings_of,
)
from conf.settings.luigi_defaults import LUIGI_DEFAULTS


def take_defaults() -> None:
    """Give Luigi the project's values for what no file sets."""
    config = luigi.configuration.get_config()
    for (section, name), (value, _) in LUIGI_DEFAULTS.items():
        if not config.has_option(section, name):
            config.set(section, name, value)


def _config(section: str, cls: type) -> type[luigi.Config]:
    parameters = {
        field.name: luigi.Parameter(
            default=str(field.default),
            description=f"{field.metadata['help']}; {describe(field)}",
            visibility=ParameterVisibility.PRIVATE if field.metadata["env"] else ParameterVisibility.PUBLIC,
        )
        for field in dataclasses.fields(cls)
    }
    return type(
        section, (luigi.Config,), {**parameters, "__module__": __name__, "__doc__": f"[{section}] of luigi.cfg"}
    )


CONFIGS = {section: _config(section, cls) for section, cls in SECTIONS.items()}

# What a program has chosen for the runs that it starts. Luigi's own `set` does not take every text.
_chosen: dict[str, dict[str, str]] = {}


def use(section: str, name: str, value: str) -> None:
    """From now on take this value, which goes before all others, as a flag does."""
    _chosen.setdefault(section, {})[name] = value


def settings() -> Settings:
    """The settings of this run: flags, then secrets from the environment, then the files.

    Raises:
        BadSetting: a key in a file is not known, a value is not allowed, or the command line holds a secret.
    """
    refuse_passwords(sys.argv[1:])
    read_file()  # refuses what a job could not read as Luigi has read it
    config, line = luigi.configuration.get_config(), CmdlineParser.get_instance()
    values = {section: dict(config.items(section, raw=True)) for section in SECTIONS if config.has_section(section)}
    for given in (_flags(line.known_args) if line else {}, _chosen):
        for section, keys in given.items():
            values.setdefault(section, {}).update(keys)
    return parse(values)


def _flags(known: argparse.Namespace) -> dict[str, dict[str, str]]:
    """The flags that were given, with the empty ones, which Luigi drops."""
    given = given_flags(known)
    for section, flags in given.items():
        for name in flags:
            variable = settings_of(section)[name].metadata["env"]
            if variable:
                raise BadSetting(
                    f"{flag(section, name)}: a secret is not taken from the command line, which the list of processes "
                    f"shows to everybody; put it into {variable}, or into a file that {variable}_FILE names"
                )
    return given
