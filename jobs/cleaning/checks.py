"""The base of checks: each field of the contract as a typed column and the names of the rules it breaks.

Most rows are good, and reading them as what they should be is quick (:mod:`jobs.cleaning.typed`). What does
not pass there for certain is parsed as a variant, which knows each value's own JSON type, and every rule is
asked of it. All of it is one pass of native Spark expressions. A rule's name is the field and what is wrong
with it: ``id_missing``, ``id_null``, ``id_wrong_type``, ``id_out_of_range``, ``name_empty``,
``email_malformed``, ``created_at_malformed``, ``created_at_after_fetch``; a row that is no JSON object breaks
``not_an_object``.
"""

import dataclasses
from collections.abc import Callable, Iterable

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from conf.contract import Entity, Field
from jobs.cleaning import conversions, typed
from jobs.cleaning.conversions import Context

Rule = tuple[str, Column]


@dataclasses.dataclass(frozen=True)
class Value:
    """A field on its way from JSON to its column, each step a column of its own.

    ``json`` (variant, null where missing) has ``type`` (``STRING``, ``BIGINT``, ``VOID`` for null, …), is
    ``read`` as what its kind expects (null otherwise), and ``converted`` to what the table holds.
    """

    json: Column
    type: Column
    read: Column
    converted: Column


@dataclasses.dataclass(frozen=True)
class Kind:
    """How a kind of field is read, converted and judged."""

    read: Callable[[Column, Column], Column]
    rules: Callable[[Field, Value, Context], list[Rule]]
    convert: Callable[[Column, Context], Column] = lambda read, context: read


def checked(lines: DataFrame, entity: Entity, context: Context) -> DataFrame:
    """The typed columns of the entity's table, ``reasons`` (array<string>) and ``value``.

    The items of a history row are array<bigint> where all of them are good, and null otherwise.

    Args:
        lines: ``value``, the text of a row.
    """
    judged = judge_odd(typed.read_typed(lines, entity, context), entity, context)
    columns = [
        F.when(F.col("fine"), F.col(f"typed_{field.name}"))
        .otherwise(F.lit(None) if field.kind == "ids" else F.col(f"converted_{field.name}"))
        .alias(field.target)
        for field in entity.fields
    ]
    none = F.array().cast("array<string>")
    return judged.select(*columns, F.when(F.col("fine"), none).otherwise(F.col("broken")).alias("reasons"), "value")


def judge_odd(rows: DataFrame, entity: Entity, context: Context) -> DataFrame:
    """Add ``converted_`` columns and ``broken`` (array<string>) of the rows that are not ``fine``; null for the fine."""
    raw, is_object = F.col("raw"), F.col("is_object")
    # Each step is a projection of its own: Spark then evaluates what several rules use only once.
    parsed = rows.withColumn("raw", F.when(~F.col("fine"), F.try_parse_json("value")))
    found = parsed.select(
        "*",
        F.coalesce(F.schema_of_variant(raw).startswith("OBJECT"), F.lit(False)).alias("is_object"),
        *[F.try_variant_get(raw, f"$.{field.name}", "variant").alias(f"json_{field.name}") for field in entity.fields],
    )
    values = check_fields(found, entity.fields, context)
    rules = [(name, is_object & broken) for field in entity.fields for name, broken in rules_of(field, context)]
    broken = reasons([("not_an_object", ~is_object), *rules])
    return values.withColumn("broken", F.when(~F.col("fine"), broken))


def check_fields(found: DataFrame, fields: Iterable[Field], context: Context) -> DataFrame:
    """Add ``type_``, ``read_`` and ``converted_`` columns for each field whose ``json_`` column (variant) is there."""
    fields = list(fields)
    typed = found.select(
        "*", *[F.schema_of_variant(f"json_{field.name}").alias(f"type_{field.name}") for field in fields]
    )
    read = typed.select(
        "*",
        *[
            KINDS[field.kind].read(F.col(f"json_{field.name}"), F.col(f"type_{field.name}")).alias(f"read_{field.name}")
            for field in fields
        ],
    )
    return read.select(
        "*",
        *[
            KINDS[field.kind].convert(F.col(f"read_{field.name}"), context).alias(f"converted_{field.name}")
            for field in fields
        ],
    )


def rules_of(field: Field, context: Context) -> list[Rule]:
    """Name and whether it is broken of each rule of a field, over the columns of :func:`check_fields`."""
    value = Value(*(F.col(f"{step}_{field.name}") for step in ("json", "type", "read", "converted")))
    absent: list[Rule] = [("missing", value.type.isNull())]
    if field.required:
        absent.append(("null", value.type == "VOID"))
    present = value.type != "VOID"
    judged = [(rule, present & broken) for rule, broken in KINDS[field.kind].rules(field, value, context)]
    return [(f"{field.name}_{rule}", broken) for rule, broken in absent + judged]


def reasons(rules: Iterable[Rule]) -> Column:
    """The names of the rules that are broken, as an array<string>; a rule that cannot tell is not broken."""
    return F.filter(F.array(*[F.when(broken, F.lit(name)) for name, broken in rules]), lambda name: name.isNotNull())


def _read_id(json: Column, type_: Column) -> Column:
    return F.when(type_ == "BIGINT", F.try_variant_get(json, "$", "bigint"))


def _id_rules(field: Field, value: Value, context: Context) -> list[Rule]:
    # Beyond 64 bits a whole number is read as a decimal without places or, beyond 38 digits, as a double.
    whole = value.type.rlike(r"^DECIMAL\(\d+,0\)$") | (value.type == "DOUBLE")
    beyond = F.when(whole, F.abs(F.try_variant_get(value.json, "$", "double")) >= 2.0**63).otherwise(F.lit(False))
    return [("wrong_type", (value.type != "BIGINT") & ~beyond), ("out_of_range", beyond | (value.read < 0))]


def _read_text(json: Column, type_: Column) -> Column:
    return F.when(type_ == "STRING", F.try_variant_get(json, "$", "string"))


def _text_rules(field: Field, value: Value, context: Context) -> list[Rule]:
    rules = [("wrong_type", value.type != "STRING")]
    return [*rules, ("empty", F.trim(value.read) == "")] if field.required else rules


def _formatted_rules(field: Field, value: Value, context: Context) -> list[Rule]:
    return [("wrong_type", value.type != "STRING"), ("malformed", value.read.isNotNull() & value.converted.isNull())]


def _timestamp_rules(field: Field, value: Value, context: Context) -> list[Rule]:
    return [
        *_formatted_rules(field, value, context),
        ("after_fetch", conversions.after_fetch(value.converted, context)),
    ]


def _read_ids(json: Column, type_: Column) -> Column:
    return F.when(type_.startswith("ARRAY"), F.try_variant_get(json, "$", "array<variant>"))


def _ids_rules(field: Field, value: Value, context: Context) -> list[Rule]:
    return [("wrong_type", ~value.type.startswith("ARRAY")), ("empty", F.size(value.read) == 0)]


KINDS: dict[str, Kind] = {
    "id": Kind(_read_id, _id_rules, lambda read, context: F.when(read >= 0, read)),
    "text": Kind(_read_text, _text_rules),
    "timestamp": Kind(_read_text, _timestamp_rules, conversions.timestamp),
    "duration": Kind(_read_text, _formatted_rules, conversions.duration),
    "email": Kind(_read_text, _formatted_rules, conversions.email),
    "ids": Kind(_read_ids, _ids_rules),
}
