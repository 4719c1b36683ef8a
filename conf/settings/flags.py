"""Settings as flags of a command line: ``[api] base_url`` is ``--api-base-url``."""

import argparse
import sys
from collections.abc import Iterable

from conf.errors import BadSetting
from conf.settings.config_files import read_file
from conf.settings.keys import holds_password
from conf.settings.parsing import parse
from conf.settings.sections import SECTIONS, Settings, settings_of


def flag(section: str, name: str) -> str:
    """``--section-key``, as Luigi spells it too."""
    return f"--{section}-{name}".replace("_", "-")


def add_flags(parser: argparse.ArgumentParser, *sections: str) -> None:
    """A flag for every setting of the named sections, but for secrets: those come from the environment."""
    for section in sections:
        group = parser.add_argument_group(f"[{section}]")
        for field in settings_of(section).values():
            if not field.metadata["env"]:
                default = field.default if field.default != "" else "empty"
                group.add_argument(
                    flag(section, field.name),
                    metavar=field.name.upper(),
                    help=f"{field.metadata['help']} (default: {default})".replace("%", "%%"),
                )


def given_flags(args: argparse.Namespace) -> dict[str, dict[str, str]]:
    """The texts of the flags that were given, by section and key."""
    given: dict[str, dict[str, str]] = {}
    for section in SECTIONS:
        for name in settings_of(section):
            text = getattr(args, f"{section}_{name}", None)
            if text is not None:
                given.setdefault(section, {})[name] = text
    return given


def from_flags(args: argparse.Namespace) -> Settings:
    """Settings from the files, overridden by the flags that were given.

    Raises:
        BadSetting: a value is not allowed, or the command line holds a password.
    """
    refuse_passwords(sys.argv[1:])
    values = read_file()
    for section, given in given_flags(args).items():
        values.setdefault(section, {}).update(given)
    # Of two settings that depend on each other a step's task has seen both, and its job may have a flag for one alone.
    used = [section for section in SECTIONS if any(hasattr(args, f"{section}_{name}") for name in settings_of(section))]
    return parse(values, used)


def refuse_passwords(words: Iterable[str]) -> None:
    """
    Raises:
        BadSetting: a word of the command line holds a password, where every user of the machine can read it.
    """
    for word in words:
        if holds_password(word):
            raise BadSetting(
                f"{word.partition('=')[0] if word.startswith('--') else 'the command line'}: found a URL with a password "
                "(not shown), which the list of processes shows to everybody; put the URL into luigi.cfg, readable by its "
                "owner alone, or the password into the environment"
            )


def as_flags(settings: Settings, *sections: str) -> list[str]:
    """The command-line arguments that make a job see the same values.

    Secrets are left out, and URLs that hold one: the job takes them from the same variables and files.
    """
    return [
        f"{flag(section, field.name)}={value}"
        for section in sections
        for field in settings_of(section).values()
        if not field.metadata["env"]
        and not holds_password(str(value := getattr(getattr(settings, section), field.name)))
    ]
