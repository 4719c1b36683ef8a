"""One setting: how it is declared, what it allows, and its value from a text."""

import dataclasses
import os
import re
import typing
from collections.abc import Callable, Mapping
from typing import Any

from conf.errors import BadSetting

HIDDEN = "(not shown)"  # in place of a secret


def key(
    default: Any,
    help: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    pattern: str = "",
    shape: str = "",
    env: str = "",
    path: bool = False,
    check: Callable[[Any], bool] | None = None,
) -> Any:
    """A setting as a dataclass field; ``shape`` says in words what ``pattern`` or ``check`` ask.

    ``env`` is the variable of a secret. In a ``path`` a leading ``~`` is the home folder.
    """
    rule = dict(
        help=help, low=low, high=high, choices=choices, pattern=pattern, shape=shape, env=env, path=path, check=check
    )
    return dataclasses.field(default=default, repr=not env, metadata=rule)


def ca_bundle_key() -> Any:
    """The authorities that a section's server is trusted by."""
    return key(
        "",
        "PEM file of the authorities to trust; empty trusts the usual ones",
        path=True,
        check=lambda path: not path or os.path.isfile(path),
        shape="a file, or empty",
    )


def parse_value(section: str, field: dataclasses.Field, text: str) -> Any:
    """One value from its text.

    Raises:
        BadSetting: the text is not of the declared type, or outside the declared limits.
    """
    kind = typing.cast(type, field.type)
    if field.metadata["path"] and at_home(str(text)).removeprefix("sqlite:///").startswith("~"):
        raise BadSetting(
            f"[{section}] {field.name}: found {str(text)!r}, and no home folder is known; write the folder out"
        )
    try:
        value = kind(at_home(str(text)) if field.metadata["path"] else text)
    except ValueError:
        value = None
    if value is None or not _allowed(value, field.metadata):
        found = HIDDEN if field.metadata["env"] or _may_hold_password(str(text)) else repr(str(text))
        raise BadSetting(f"[{section}] {field.name}: found {found}, allowed is {describe(field)}")
    return value


def at_home(text: str) -> str:
    """The path, or the ``sqlite:///`` URL of one, with ``~`` replaced by the home folder."""
    scheme, path = re.fullmatch(r"(sqlite:///)?(.*)", text, re.DOTALL).groups(default="")  # type: ignore[union-attr]
    return scheme + os.path.expanduser(path)


def _allowed(value: Any, rule: Mapping[str, Any]) -> bool:
    if rule["choices"]:
        return value in rule["choices"]
    if rule["pattern"] and not re.fullmatch(rule["pattern"], value):
        return False
    if rule["check"] and not rule["check"](value):
        return False
    low, high = rule["low"], rule["high"]
    # Written so that NaN is not allowed.
    return (low is None or value >= low) and (high is None or value <= high)


def describe(field: dataclasses.Field) -> str:
    """What a setting allows, in words."""
    rule = field.metadata
    if rule["choices"]:
        return " or ".join(rule["choices"])
    if rule["shape"]:
        return rule["shape"]
    name = {int: "a whole number", float: "a number", str: "text"}[typing.cast(type, field.type)]
    if rule["low"] is not None and rule["high"] is not None:
        return f"{name} from {rule['low']} to {rule['high']}"
    return f"{name} of at least {rule['low']}" if rule["low"] is not None else name


def holds_password(text: str) -> bool:
    """Whether a URL holds a password: such a one is neither shown nor put on a command line."""
    return bool(re.search(r"://[^/?#\s]*:[^/?#\s]+@|[?&]\w*password=", text))


def _may_hold_password(text: str) -> bool:
    """Whether a wrong value may be a URL with a secret, however it is spelled: a password with ``/`` or ``#``, a query."""
    return holds_password(text) or bool(re.search(r"://.*(@|[?#].*=)", text, re.DOTALL))


def is_secret(name: str, text: str) -> bool:
    """Whether a setting looks like a secret: by its name, or as a URL with a password."""
    named = re.search(r"(password|passwd|secret|token|(api|access|private|secret|suppression)[._-]?key)$", name, re.I)
    return bool(text.strip()) and (bool(named) or holds_password(text))
