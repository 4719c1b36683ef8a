"""Which rows of an entity stand: every row gets an ``outcome`` of clean, duplicate or quarantined."""

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

from conf.contract import Entity


def with_outcome(checked: DataFrame, entity: Entity) -> DataFrame:
    """Add ``outcome``: of the good rows with one key the latest ``updated_at`` is clean, the others duplicates.

    Rows of one key and one ``updated_at`` that differ are told apart by their text, so that the choice
    does not depend on the order in which they were served.
    """
    # Bad rows stand for themselves: a salt of their own spreads those whose key is null.
    salt = F.when(_bad(), F.xxhash64("value"))
    newest = _newest_first(_bad(), salt, *key_columns(entity))
    return checked.withColumn("outcome", _outcome(F.row_number().over(newest) > 1))


def repeated_keys(checked: DataFrame, entity: Entity) -> DataFrame:
    """The keys (the key's columns) that several good rows have."""
    counted = checked.filter(~_bad()).groupBy(*key_columns(entity)).count()
    return counted.filter(F.col("count") > 1).drop("count")


def duplicates(checked: DataFrame, repeated: DataFrame, entity: Entity) -> DataFrame:
    """``row_id`` of the good rows that another of their key stands for, where the :func:`repeated_keys` are few.

    Args:
        checked: with ``row_id``.
    """
    key = key_columns(entity)
    several = checked.filter(~_bad()).join(F.broadcast(repeated), key, "left_semi")
    ranked = several.withColumn("rank", F.row_number().over(_newest_first(*key)))
    return ranked.filter(F.col("rank") > 1).select("row_id")


def with_outcome_knowing(checked: DataFrame, duplicates: DataFrame) -> DataFrame:
    """As :func:`with_outcome`, given the ``row_id`` of :func:`duplicates`: no other row is moved or sorted."""
    marked = checked.join(F.broadcast(duplicates.withColumn("repeats", F.lit(True))), "row_id", "left")
    return marked.withColumn("outcome", _outcome(F.col("repeats").isNotNull())).drop("row_id", "repeats")


def _bad() -> Column:
    return F.size("reasons") > 0


def _newest_first(*key: Column | str) -> WindowSpec:
    return Window.partitionBy(*key).orderBy(F.col("updated_at").desc(), F.col("value").desc())


def _outcome(duplicate: Column) -> Column:
    return F.when(_bad(), "quarantined").when(duplicate, "duplicate").otherwise("clean")


def key_columns(entity: Entity) -> list[str]:
    return [entity.field(name).target for name in entity.key]


def clean(rows: DataFrame) -> DataFrame:
    return rows.filter(F.col("outcome") == "clean")


def quarantine(rows: DataFrame, entity: Entity, date: Column) -> DataFrame:
    """Rows of the ``quarantine`` table."""
    return rows.filter(F.col("outcome") == "quarantined").select(
        date.alias("date"), F.lit(entity.name).alias("entity"), "reasons", masked(entity).alias("row")
    )


def masked(entity: Entity) -> Column:
    """``value`` as JSON text, personal values as ``***``; fields that the contract does not know are left to raw."""
    raw = F.try_parse_json("value")
    personal = any(field.personal for field in entity.fields)
    value = {field.name: F.try_variant_get(raw, f"$.{field.name}", "variant") for field in entity.fields}
    fields = [
        (F.when(value[field.name].isNotNull(), F.lit("***")) if field.personal else value[field.name]).alias(field.name)
        for field in entity.fields
    ]
    is_object = F.coalesce(F.schema_of_variant(raw).startswith("OBJECT"), F.lit(False))
    other = F.lit('"***"') if personal else F.coalesce(F.to_json(raw), F.lit("null"))
    return F.when(is_object, F.to_json(F.struct(*fields))).otherwise(other)
