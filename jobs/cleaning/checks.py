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
    """A field on its way from JSON to its column, step by step.

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

    The items of a history row are array<bigint>, null for one that is bad; what each breaks is in
    ``item_reasons`` (array<array<string>>), null where all of them are good.

    Args:
        lines: ``value``, the text of a row.
    """
    rows = typed.read_typed(lines, entity, context)
    judged = rows.withColumn("careful", F.when(~F.col("fine"), judge_odd(F.col("value"), entity, context)))
    columns = [
        F.when(F.col("fine"), F.col(f"typed_{field.name}"))
        .otherwise(F.col("careful").getField(field.name))
        .alias(field.target)
        for field in entity.fields
    ]
    if any(field.kind == "ids" for field in entity.fields):
        columns.append(F.col("careful").getField("item_reasons").alias("item_reasons"))
    none = F.array().cast("array<string>")
    broken = F.col("careful").getField("broken")
    return judged.select(*columns, F.when(F.col("fine"), none).otherwise(broken).alias("reasons"), "value")


def judge_odd(text: Column, entity: Entity, context: Context) -> Column:
    """The fields of a row as converted, and ``broken`` (array<string>): a struct."""

    def judge(raw: Column) -> Column:
        is_object = F.coalesce(F.schema_of_variant(raw).startswith("OBJECT"), F.lit(False))
        found = F.struct(
            is_object.alias("is_object"),
            *[F.try_variant_get(raw, f"$.{field.name}", "variant").alias(field.name) for field in entity.fields],
        )
        return let(
            found,
            lambda found: check_fields(found, entity.fields, context, lambda values: conclude(found, values)),
        )

    def conclude(found: Column, values: dict[str, Value]) -> Column:
        is_object = found.getField("is_object")
        rules = [
            (name, is_object & broken)
            for field in entity.fields
            for name, broken in rules_of(field, values[field.name], context)
        ]
        columns = [reasons([("not_an_object", ~is_object), *rules]).alias("broken")]
        for field in entity.fields:
            converted = values[field.name].converted
            if field.kind == "ids":
                columns += [
                    F.transform(converted, lambda item: item.getField("id")).alias(field.name),
                    F.transform(converted, lambda item: item.getField("broken")).alias("item_reasons"),
                ]
            else:
                columns.append(converted.alias(field.name))
        return F.struct(*columns)

    return let(F.try_parse_json(text), judge)


def let(value: Column, body: Callable[[Column], Column]) -> Column:
    """``body`` of a value that is computed once, however often the body names it.

    A lambda's body is interpreted. For the few rows that come here that is quick enough, and it keeps the
    code that Spark generates for the many others so small that the JVM compiles it.
    """
    return F.get(F.transform(F.array(value), body), F.lit(0))


def check_fields(
    found: Column, fields: Iterable[Field], context: Context, conclude: Callable[[dict[str, Value]], Column]
) -> Column:
    """What ``conclude`` makes of the fields' values; ``found`` is a struct with a variant for each, null where missing."""
    fields = list(fields)

    def each(step: Callable[[Field], Column]) -> Column:
        return F.struct(*[step(field).alias(field.name) for field in fields])

    def with_types(types: Column) -> Column:
        read = each(lambda field: KINDS[field.kind].read(found.getField(field.name), types.getField(field.name)))
        return let(read, lambda read: with_read(types, read))

    def with_read(types: Column, read: Column) -> Column:
        converted = each(lambda field: KINDS[field.kind].convert(read.getField(field.name), context))
        return let(converted, lambda converted: with_converted(types, read, converted))

    def with_converted(*steps: Column) -> Column:
        return conclude(
            {field.name: Value(*(step.getField(field.name) for step in (found, *steps))) for field in fields}
        )

    return let(each(lambda field: F.schema_of_variant(found.getField(field.name))), with_types)


def rules_of(field: Field, value: Value, context: Context) -> list[Rule]:
    """Name and whether it is broken of each rule of a field."""
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


def _judge_items(read: Column, context: Context) -> Column:
    """``id`` and ``broken`` (array<string>) of each item."""
    item = Field("items", "id")

    def conclude(values: dict[str, Value]) -> Column:
        rules = [rule for rule in rules_of(item, values[item.name], context) if rule[0] != "items_missing"]
        return F.struct(values[item.name].converted.alias("id"), reasons(rules).alias("broken"))

    return F.transform(read, lambda json: check_fields(F.struct(json.alias(item.name)), [item], context, conclude))


KINDS: dict[str, Kind] = {
    "id": Kind(_read_id, _id_rules, lambda read, context: F.when(read >= 0, read)),
    "text": Kind(_read_text, _text_rules),
    "timestamp": Kind(_read_text, _timestamp_rules, conversions.timestamp),
    "duration": Kind(_read_text, _formatted_rules, conversions.duration),
    "email": Kind(_read_text, _formatted_rules, conversions.email),
    "ids": Kind(_read_ids, _ids_rules, _judge_items),
}
