"""The quick way in: each row read straight as the types that its entity should have.

A row is ``fine`` when that settles that it breaks no rule. Any doubt (a null, another type, a value out of
range) leaves it to :mod:`jobs.cleaning.judge`, which asks every rule.
"""

import dataclasses
from collections.abc import Callable

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from conf.contract import Entity, Field
from jobs.cleaning import conversions, forms
from jobs.cleaning.forms import Context

# JSON as the careful way reads it: no single quotes, no NaN.
STRICT = {"allowSingleQuotes": "false", "allowNonNumericNumbers": "false"}
BROKEN = "_corrupt_record"  # where from_json leaves the text of a row of which a value has another type
OTHER_TYPES = "0123456789-{["  # how numbers, objects and lists begin


@dataclasses.dataclass(frozen=True)
class Reading:
    """How a kind is read: as ``type`` (of from_json), which ``settle`` turns into the table's value or null.

    No other JSON type gets past ``settle``: from_json gives numbers (one beyond a double as ``"Infinity"``), booleans,
    objects and lists as text too, so a text that could be one of them is in doubt.
    """

    type: str
    settle: Callable[[Column, Field, Context], Column]


def read_typed(lines: DataFrame, entity: Entity, context: Context) -> DataFrame:
    """``value``, a ``typed_`` column for each field, and ``fine`` (boolean): no rule is broken."""
    types = [(field.name, READINGS[field.kind].type) for field in entity.fields]
    schema = ", ".join(f"`{name}` {type_}" for name, type_ in [*types, (BROKEN, "string")])
    # from_json takes the one object of a list for a row; a row as served begins with its own brace.
    row = F.when(F.col("value").startswith("{"), F.from_json("value", schema, STRICT)).alias("row")
    optional = [field.name for field in entity.fields if not field.required]
    typed = lines.select("value", row).select(
        "value",
        *[
            READINGS[field.kind].settle(F.col("row").getField(field.name), field, context).alias(f"typed_{field.name}")
            for field in entity.fields
        ],
        *[F.col("row").getField(name).isNull().alias(f"null_{name}") for name in optional],
        F.col("row").getField(BROKEN).isNull().alias("whole"),
    )
    # Spark has a question mark for half of a surrogate pair. Whole ones are seldom escaped, and left to the judge too.
    escaped = F.col("value").contains(r"\ud") | F.col("value").contains(r"\uD")
    fine = F.col("whole") & ~escaped
    for field in entity.fields:
        settled = F.col(f"typed_{field.name}").isNotNull()
        fine = fine & (settled if field.required else settled | (F.col(f"null_{field.name}") & _is_there(field.name)))
    return typed.withColumn("fine", fine).drop("whole", *[f"null_{name}" for name in optional])


def _is_there(name: str) -> Column:
    """Whether the row has the field, which from_json does not tell from one that is null."""
    return F.array_contains(F.json_object_keys("value"), name)


def _id(number: Column, field: Field, context: Context) -> Column:
    return F.when(number >= 0, number)


def _text(text: Column, field: Field, context: Context) -> Column:
    other = F.substring(text, 1, 1).isin(*OTHER_TYPES) | text.isin("true", "false", '"Infinity"')
    return F.when(~other & text.rlike(forms.VISIBLE) if field.required else ~other, text)


def _email(text: Column, field: Field, context: Context) -> Column:
    # No number and no boolean has an @ in it; many an address begins with a digit.
    return conversions.email(F.when(~F.substring(text, 1, 1).isin("{", "["), text), context)


def _timestamp(text: Column, field: Field, context: Context) -> Column:
    moment = conversions.timestamp(text, context)
    return F.when(~conversions.after_fetch(moment, context), moment)


def _duration(text: Column, field: Field, context: Context) -> Column:
    return conversions.duration(text, context)


def _ids(numbers: Column, field: Field, context: Context) -> Column:
    # array_contains is null, not false, for a list with a null in it.
    return F.when((F.array_min(numbers) >= 0) & ~F.array_contains(numbers, F.lit(-1)), numbers)


READINGS: dict[str, Reading] = {
    "id": Reading("bigint", _id),
    "text": Reading("string", _text),
    "timestamp": Reading("string", _timestamp),
    "duration": Reading("string", _duration),
    "email": Reading("string", _email),
    "ids": Reading("array<bigint>", _ids),
}
