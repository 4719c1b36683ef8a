"""The settings as Luigi sees them: a section is a config class, so every key is also a flag (``--api-base-url``)."""

import dataclasses
import sys

import luigi
from luigi.parameter import ParameterVisibility

from conf.settings import LUIGI_KEYS, SECTIONS, Settings, describe, parse, read_file, refuse_passwords


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


def settings() -> Settings:
    """The settings of this run: luigi.cfg, then flags, then secrets from the environment.

    Raises:
        BadSetting: a key in luigi.cfg is not known, a value is not allowed, or the command line holds a password.
    """
    refuse_passwords(sys.argv[1:])
    values: dict[str, dict[str, str]] = {}
    for section, config in CONFIGS.items():
        given = config()
        values[section] = {name: str(getattr(given, name)) for name in given.param_kwargs}
    for section, keys in read_file().items():
        unknown = keys.keys() - values[section].keys() - LUIGI_KEYS.get(section, set())
        values[section].update({name: keys[name] for name in unknown})  # for parse to refuse by name
    return parse(values)
