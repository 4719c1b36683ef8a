"""Settings from texts, and secrets from the environment."""

import dataclasses
import os
import pathlib
from collections.abc import Collection, Mapping
from typing import Any

from conf.errors import BadSetting
from conf.nearest import nearest
from conf.settings.config_files import read_file, read_given
from conf.settings.data_sections import LakeSettings
from conf.settings.keys import parse_value
from conf.settings.sections import LUIGI_KEYS, SECTIONS, Settings, settings_of

LOOPBACK = ("127.0.0.1", "::1", "localhost")  # where a password may travel without TLS
VARIABLE_OF_KEY = LakeSettings.__dataclass_fields__["suppression_key"].metadata["env"]


def parse(values: Mapping[str, Mapping[str, str]], used: Collection[str] = SECTIONS) -> Settings:
    """Settings from text by section and key; what is not given has its default.

    Settings that depend on each other are held against each other where a command has ``used`` both their sections.

    Raises:
        BadSetting: a key that is not known, or a value that is not allowed.
    """
    settings = Settings(**{section: _section(section, values.get(section, {})) for section in SECTIONS})
    served = settings.recommend.k
    if settings.evaluate.k > served and {"evaluate", "recommend"} <= set(used):
        raise BadSetting(
            f"[evaluate] k: found '{settings.evaluate.k}', allowed is at most [recommend] k, which is {served}"
        )
    mail = settings.mail
    if mail.user and mail.tls == "none" and mail.host not in LOOPBACK:
        raise BadSetting(f"[mail] tls: found 'none', allowed with a login at {mail.host} is starttls or tls")
    return settings


def _section(section: str, values: Mapping[str, str]) -> Any:
    fields = settings_of(section)
    for name in values.keys() - fields.keys() - LUIGI_KEYS.get(section, set()):
        near = nearest(name, fields)
        hint = f"; did you mean {near}?" if near else ""
        place = _place(section, name, values[name])
        raise BadSetting(f"{place}[{section}] {name}: not a setting; known are {', '.join(fields)}{hint}")
    given = {name: text for name, text in values.items() if name in fields}
    for name, field in fields.items():
        found = secret(section, field)
        if found is not None:
            given[name] = found
    return SECTIONS[section](**{name: _value(section, fields[name], text) for name, text in given.items()})


def _value(section: str, field: dataclasses.Field, text: str) -> Any:
    try:
        return parse_value(section, field, text)
    except BadSetting as refusal:
        raise BadSetting(_place(section, field.name, text) + refusal.message) from None


def _place(section: str, name: str, text: str) -> str:
    """``luigi.cfg:7: ``, where a file is what says so; else nothing."""
    found = read_given().get(section, {}).get(name)
    return f"{found.place}: " if found and found.text == text else ""


def secret(section: str, field: dataclasses.Field) -> str | None:
    """A secret's value from its variable, else from the file that ``VARIABLE_FILE`` names; None where neither is set.

    Raises:
        BadSetting: the file cannot be read.
    """
    variable = field.metadata["env"]
    if not variable or variable in os.environ:
        return os.environ.get(variable) if variable else None
    path = os.environ.get(f"{variable}_FILE")
    if not path:
        return None
    try:
        # Whoever names a file sees to who reads it. Docker and Kubernetes mount theirs readable for all, into a container
        # where nobody else is, so that the mode says nothing here.
        return pathlib.Path(path).read_text().strip()
    except OSError as error:
        raise BadSetting(
            f"[{section}] {field.name}: {variable}_FILE names {path}, which cannot be read ({error.strerror}); "
            f"required is a file that holds the secret alone, or the variable {variable}"
        ) from None


def suppression_key() -> str:
    """``[lake] suppression_key``, for what knows a lake's folder and no settings."""
    name = "suppression_key"
    found = secret("lake", settings_of("lake")[name])
    return read_file().get("lake", {}).get(name, "") if found is None else found
