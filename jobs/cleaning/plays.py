"""Listening history by play: one row per item of a history row.

A row that breaks a rule of its own takes all of its plays with it; a play that breaks one goes alone.
"""

import datetime

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from conf.contract import LISTENS, Field
from jobs.cleaning.checks import Context, check_fields, reasons, rules_of

ITEM = Field("items", "id")


def explode_plays(rows: DataFrame) -> DataFrame:
    """One row per play: ``track_id`` (bigint), ``position``, ``item`` (variant), reasons of row and play together.

    Args:
        rows: history rows with ``outcome``; ``track_id`` holds their items (array<variant>). A row with
            no usable items becomes one play.
    """
    context = Context(datetime.datetime.max)
    exploded = rows.select("*", F.posexplode_outer("track_id").alias("position", "json_items")).drop("track_id")
    rules = [
        (name, F.col("position").isNotNull() & broken)
        for name, broken in rules_of(ITEM, context)
        if name != "items_missing"
    ]
    return check_fields(exploded, [ITEM], context).select(
        *[name for name in exploded.columns if name not in ("reasons", "json_items")],
        F.col("json_items").alias("item"),
        F.col("converted_items").alias("track_id"),
        F.concat("reasons", reasons(rules)).alias("reasons"),
    )


def add_references(plays: DataFrame, user_ids: DataFrame, track_ids: DataFrame) -> DataFrame:
    """Add ``unknown_user`` and ``unknown_track`` to the reasons of plays that name an id that is not there.

    Args:
        plays: with user_id and track_id.
        user_ids: user_id, each once: the clean users of the same snapshot.
        track_ids: track_id, each once.
    """
    users = user_ids.select("user_id", F.lit(True).alias("known_user"))
    tracks = track_ids.select("track_id", F.lit(True).alias("known_track"))
    unknown = reasons(
        [
            ("unknown_user", F.col("user_id").isNotNull() & F.col("known_user").isNull()),
            ("unknown_track", F.col("track_id").isNotNull() & F.col("known_track").isNull()),
        ]
    )
    joined = plays.join(users, "user_id", "left").join(tracks, "track_id", "left")
    return joined.withColumn("reasons", F.concat("reasons", unknown)).drop("known_user", "known_track")


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
    fields = [
        F.when(F.col("position").isNotNull(), F.array("item")).alias(field.name)
        if field.name == "items"
        else F.try_variant_get("raw", f"$.{field.name}", "variant").alias(field.name)
        for field in LISTENS.fields
    ]
    is_object = F.coalesce(F.schema_of_variant("raw").startswith("OBJECT"), F.lit(False))
    return F.when(is_object, F.to_json(F.struct(*fields))).otherwise(F.coalesce(F.to_json("raw"), F.lit("null")))
