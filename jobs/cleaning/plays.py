"""Listening history by play: one row per item of a history row.

A row that breaks a rule of its own takes all of its plays with it; a play that breaks one goes alone.
"""

import datetime

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from conf.contract import LISTENS, Field
from jobs.cleaning.checks import Value, check_fields, let, reasons, rules_of
from jobs.cleaning.conversions import Context

ITEM = Field("items", "id")


def explode_plays(rows: DataFrame) -> DataFrame:
    """One row per play: ``track_id`` (bigint), ``position``, reasons of row and play together.

    Args:
        rows: history rows with ``outcome``; ``track_id`` holds their items (array<bigint>), or null where
            they are not all good. A row with no usable items becomes one play.
    """
    whole = F.col("track_id").isNotNull()
    keep = [name for name in rows.columns if name != "track_id"]
    good = rows.filter(whole).select(*keep, F.posexplode("track_id").alias("position", "track_id"))
    return good.unionByName(_explode_odd(rows.filter(~whole).drop("track_id")))


def _explode_odd(rows: DataFrame) -> DataFrame:
    """As :func:`explode_plays`, of rows whose items have to be judged one by one."""
    items = F.try_variant_get(F.try_parse_json("value"), "$.items", "variant")
    listed = rows.withColumn(
        "listed", F.when(F.schema_of_variant(items).startswith("ARRAY"), items.cast("array<variant>"))
    )
    exploded = listed.select(*rows.columns, F.posexplode_outer("listed").alias("position", "json"))
    item = F.when(F.col("position").isNotNull(), _judge_item(F.col("json")))
    judged = exploded.withColumn("item", item)
    broken = F.coalesce(F.col("item").getField("broken"), F.array().cast("array<string>"))
    return judged.select(
        *[name for name in rows.columns if name != "reasons"],
        F.concat("reasons", broken).alias("reasons"),
        "position",
        F.col("item").getField("track_id").alias("track_id"),
    )


def _judge_item(json: Column) -> Column:
    """``track_id`` and ``broken`` (array<string>) of an item (variant): a struct."""
    context = Context(datetime.datetime.max)

    def conclude(values: dict[str, Value]) -> Column:
        value = values[ITEM.name]
        rules = [rule for rule in rules_of(ITEM, value, context) if rule[0] != "items_missing"]
        return F.struct(value.converted.alias("track_id"), reasons(rules).alias("broken"))

    return let(F.struct(json.alias(ITEM.name)), lambda found: check_fields(found, [ITEM], context, conclude))


def add_unknown(rows: DataFrame, ids: DataFrame, column: str, reason: str) -> DataFrame:
    """Add ``reason`` to rows whose ``column`` is an id that ``ids`` does not hold.

    Args:
        rows: with ``reasons`` and the column.
        ids: the column, each id once: the clean rows of the entity in the same snapshot.
    """
    known = ids.select(column, F.lit(True).alias("known"))
    unknown = F.col(column).isNotNull() & F.col("known").isNull()
    added = F.when(unknown, F.concat("reasons", F.array(F.lit(reason)))).otherwise(F.col("reasons"))
    return rows.join(known, column, "left").withColumn("reasons", added).drop("known")


def with_play_outcome(plays: DataFrame, date: datetime.date) -> DataFrame:
    """``outcome`` by play: quarantined, duplicate (as its row), later (after the date) or clean."""
    outcome = (
        F.when(F.size("reasons") > 0, "quarantined")
        .when(F.col("outcome") == "duplicate", "duplicate")
        .when(F.col("listened_at") >= F.lit(date + datetime.timedelta(days=1)).cast("timestamp"), "later")
        .otherwise("clean")
    )
    return plays.withColumn("outcome", outcome)


def play_row() -> Column:
    """The history row as JSON text, with the play's own item alone."""
    raw, position = F.try_parse_json("value"), F.col("position")
    items = F.try_variant_get(raw, "$.items", "variant").cast("array<variant>")
    fields = [
        F.when(position.isNotNull(), F.array(F.get(items, position))).alias(field.name)
        if field.name == "items"
        else F.try_variant_get(raw, f"$.{field.name}", "variant").alias(field.name)
        for field in LISTENS.fields
    ]
    is_object = F.coalesce(F.schema_of_variant(raw).startswith("OBJECT"), F.lit(False))
    return F.when(is_object, F.to_json(F.struct(*fields))).otherwise(F.coalesce(F.to_json(raw), F.lit("null")))
