"""The base of checks: a row's text, read and held against every rule of the contract. Plain Python.

A reason is the field and what is wrong with it: ``id_missing``, ``id_null``, ``id_wrong_type``, ``id_out_of_range``,
``name_empty``, ``name_malformed``, ``created_at_malformed``, ``created_at_after_fetch``; a text that begins with no
JSON object has the one reason ``not_an_object``. What stands behind the object is passed by.

No text makes this fail: one that cannot be read for its depth is no object either.
"""

import dataclasses
import json
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from conf.contract import Field
from jobs.cleaning import forms
from jobs.cleaning.forms import Context

WHITE_SPACE = " \t\r\n"
BEYOND = 2**63
DIGITS = 40  # of a whole number that are read: the others cannot bring it back into range


@dataclasses.dataclass(frozen=True)
class Judged:
    """What became of a row.

    ``values`` has a value for each field, None where it has none that is usable; of ``ids`` a list with None for each
    bad one. ``reasons`` are those of the row, in the order of the fields, and ``item_reasons`` those of each item of
    its ``ids``, None where it has no list.
    """

    values: dict[str, Any]
    reasons: list[str]
    item_reasons: list[list[str]] | None = None


@dataclasses.dataclass(frozen=True)
class Verdict:
    """A value as the table holds it, or None, and the rules that it breaks; of ``ids``, those of each item too."""

    value: Any
    broken: tuple[str, ...] = ()
    item_reasons: list[list[str]] | None = None


WRONG_TYPE = Verdict(None, ("wrong_type",))
MALFORMED = Verdict(None, ("malformed",))


def judged(text: str, fields: Sequence[Field], context: Context) -> Judged:
    row = read(text)
    values: dict[str, Any] = {field.name: None for field in fields}
    if row is None:
        return Judged(values, ["not_an_object"])
    reasons, item_reasons = [], None
    for field in fields:
        verdict = judge_field(row, field, context)
        values[field.name] = verdict.value
        reasons += [f"{field.name}_{rule}" for rule in verdict.broken]
        item_reasons = verdict.item_reasons or item_reasons
    return Judged(values, reasons, item_reasons)


def read(text: str) -> dict[str, Any] | None:
    """The object with which the text begins, of repeated names the last; None where there is none."""
    try:
        value, _ = decoder().raw_decode(text.lstrip(WHITE_SPACE))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def decoder() -> json.JSONDecoder:
    """Reads JSON and nothing else: NaN is none, and no number is too long to be read."""
    return json.JSONDecoder(parse_int=whole_number, parse_constant=refuse)


def whole_number(digits: str) -> int:
    return int(digits[:DIGITS])


def refuse(constant: str) -> NoReturn:
    """
    Raises:
        ValueError: always.
    """
    raise ValueError(f"{constant} is no JSON")


def judge_field(row: dict[str, Any], field: Field, context: Context) -> Verdict:
    if field.name not in row:
        return Verdict(None, ("missing",))
    value = row[field.name]
    if value is None:
        return Verdict(None, ("null",) if field.required else ())
    return KINDS[field.kind](value, field, context)


def judge_id(value: Any, field: Field, context: Context) -> Verdict:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return WRONG_TYPE
    if isinstance(value, float) and abs(value) < BEYOND:
        return WRONG_TYPE
    if isinstance(value, float) or not 0 <= value < BEYOND:
        return Verdict(None, ("out_of_range",))
    return Verdict(value)


def judge_text(value: Any, field: Field, context: Context) -> Verdict:
    if not isinstance(value, str):
        return WRONG_TYPE
    if not encodable(value):
        return MALFORMED
    return Verdict(value, ("empty",) if field.required and forms.blank(value) else ())


def judge_timestamp(value: Any, field: Field, context: Context) -> Verdict:
    if not isinstance(value, str):
        return WRONG_TYPE
    moment = forms.timestamp(value, context)
    if moment is None:
        return MALFORMED
    return Verdict(moment, ("after_fetch",) if moment > context.fetched_at else ())


def judge_duration(value: Any, field: Field, context: Context) -> Verdict:
    if not isinstance(value, str):
        return WRONG_TYPE
    seconds = forms.duration(value)
    return MALFORMED if seconds is None else Verdict(seconds)


def judge_email(value: Any, field: Field, context: Context) -> Verdict:
    if not isinstance(value, str):
        return WRONG_TYPE
    address = forms.email(value) if encodable(value) else None
    return MALFORMED if address is None else Verdict(address)


def judge_ids(value: Any, field: Field, context: Context) -> Verdict:
    """Items that break a rule do so for themselves: the list is not bad for them."""
    if not isinstance(value, list):
        return WRONG_TYPE
    items = [judge_item(item, field, context) for item in value]
    reasons = [[f"{field.name}_{rule}" for rule in item.broken] for item in items]
    return Verdict([item.value for item in items], () if items else ("empty",), reasons)


def judge_item(item: Any, field: Field, context: Context) -> Verdict:
    return Verdict(None, ("null",)) if item is None else judge_id(item, field, context)


def encodable(text: str) -> bool:
    """Whether it is text all through: half of a surrogate pair is no character, and no encoding has it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


KINDS: dict[str, Callable[[Any, Field, Context], Verdict]] = {
    "id": judge_id,
    "text": judge_text,
    "timestamp": judge_timestamp,
    "duration": judge_duration,
    "email": judge_email,
    "ids": judge_ids,
}
