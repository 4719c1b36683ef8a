"""The declaration as a JSON schema, for editors and for other programs that write settings."""

import dataclasses
import typing
from typing import Any

from conf.settings.keys import describe
from conf.settings.sections import SECTIONS, settings_of

TYPES = {int: "integer", float: "number", str: "string"}


def json_schema() -> dict[str, Any]:
    """Sections by name, and in each its settings. What only code can check stands in the description."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Settings of MooVitamix",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            section: {
                "type": "object",
                "additionalProperties": False,
                "properties": {name: _property(field) for name, field in settings_of(section).items()},
            }
            for section in SECTIONS
        },
    }


def _property(field: dataclasses.Field) -> dict[str, Any]:
    rule = field.metadata
    limits = {
        "minimum": rule["low"],
        "maximum": rule["high"],
        "enum": list(rule["choices"]) or None,
        "pattern": rf"^(?:{rule['pattern']})$" if rule["pattern"] else None,
        "writeOnly": True if rule["env"] else None,  # JSON schema's word for what is never shown
    }
    return {
        "type": TYPES[typing.cast(type, field.type)],
        "default": field.default,
        "description": f"{rule['help']}; allowed: {describe(field)}",
        **{name: value for name, value in limits.items() if value is not None},
    }
