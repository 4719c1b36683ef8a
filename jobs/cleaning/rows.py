"""Which rows of an entity stand: every row gets an ``outcome`` of clean, duplicate or quarantined."""

import datetime
from collections.abc import Callable

import pyarrow as pa
from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

from conf.contract import Entity
from jobs.cleaning.as_served import served
from jobs.cleaning.checks import texts


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


def quarantine(outcomes: DataFrame, entity: Entity, date: datetime.date) -> DataFrame:
    """Rows of the ``quarantine`` table; of plays (with ``position``), a row for each with its own item alone."""
    row = F.arrow_udf(keeping(entity), "string")("value", "position")  # type: ignore[call-overload]
    return quarantined(outcomes).select(
        F.lit(date).alias("date"), F.lit(entity.name).alias("entity"), "reasons", row.alias("row")
    )


def quarantine_here(outcomes: DataFrame, entity: Entity, date: datetime.date) -> pa.Table:
    """The same rows, where they are few, made in this process."""
    found = quarantined(outcomes).withColumn("value", F.col("value").cast("binary")).toArrow()
    kept = keeping(entity)(found["value"].combine_chunks(), found["position"].combine_chunks())
    same = {"date": pa.repeat(date, len(kept)), "entity": pa.repeat(entity.name, len(kept))}
    return pa.table({**same, "reasons": found["reasons"], "row": kept})


def quarantined(outcomes: DataFrame) -> DataFrame:
    """``reasons``, ``value`` and ``position`` (null but of plays) of what is bad."""
    position = F.col("position") if "position" in outcomes.columns else F.lit(None).cast("int")
    bad = outcomes.filter(F.col("outcome") == "quarantined")
    return bad.select("reasons", "value", position.alias("position"))


def keeping(entity: Entity) -> Callable[[pa.Array, pa.Array], pa.Array]:
    """Makes a row as quarantine keeps it from its text and, of a play, its position."""

    def keep(values: pa.Array, positions: pa.Array) -> pa.Array:
        rows = zip(texts(values), positions.to_pylist(), strict=True)
        return pa.array([served(text, entity, position) for text, position in rows], pa.string())

    return keep
