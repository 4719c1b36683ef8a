"""Which rows of an entity stand: every row gets an ``outcome`` of clean, duplicate or quarantined."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from conf.contract import Entity


def with_outcome(checked: DataFrame, entity: Entity) -> DataFrame:
    """Add ``outcome``: of the good rows with one key the latest ``updated_at`` is clean, the others duplicates.

    Rows of one key and one ``updated_at`` that differ are told apart by their text, so that the choice
    does not depend on the order in which they were served.
    """
    bad = F.size("reasons") > 0
    # Bad rows stand for themselves: a salt of their own spreads those whose key is null.
    salt = F.when(bad, F.xxhash64("value"))
    key = [F.col(entity.field(name).target) for name in entity.key]
    newest = Window.partitionBy(bad, salt, *key).orderBy(F.col("updated_at").desc(), F.col("value").desc())
    rank = F.row_number().over(newest)
    outcome = F.when(bad, "quarantined").when(rank == 1, "clean").otherwise("duplicate")
    return checked.withColumn("outcome", outcome)


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
