"""Spans of dates through which an id stood with the same genres: what one more date changes in them.

A span is a row of ``tracks_served`` or ``users_served``. Pure: frames in, frames out.
"""

import datetime

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

FOREVER = datetime.date.max  # in place of null, where spans are compared
_FIELDS = ("served_from", "served_until", "genres")
REMOVED = "coalesce(s.served_until <= s.served_from, false)"  # SQL over a row of :func:`corrections`


def corrections(
    stored: DataFrame, held: DataFrame, key: str, start: datetime.date, end: datetime.date | None
) -> DataFrame:
    """What to write so that from ``start`` until before ``end`` (None: for ever) the ids of ``held`` stand, and no others.

    Args:
        stored: all spans; those of one id do not overlap.
        held: ``key`` and genres, each id once.

    Returns:
        Spans of the ids that change. A span that ends where it begins takes away the one with its key.
    """
    first, last = F.lit(start), F.lit(end or FOREVER)
    closed = stored.withColumn("served_until", F.coalesce("served_until", F.lit(FOREVER)))
    near = closed.filter((F.col("served_from") <= last) & (F.col("served_until") >= first))
    new = held.select(key, "genres", first.alias("served_from"), last.alias("served_until"), F.lit(True).alias("new"))
    by_id = near.withColumn("new", F.lit(False)).unionByName(new).groupBy(key).agg(*_neighbours(first, last))
    changed = by_id.filter(~_stands(first, last)).withColumn("pieces", _pieces(first, last))
    gone = F.transform(
        F.array_except("starts", F.col("pieces.served_from")), lambda day: _span(day, day, F.lit(None).cast("string"))
    )
    spans = changed.select(key, F.explode(F.concat("pieces", gone)).alias("span")).select(key, "span.*")
    return spans.withColumn("served_until", F.nullif("served_until", F.lit(FOREVER)))


def _neighbours(first: Column, last: Column) -> list[Column]:
    """Of an id: the span that is wanted, those before and after it, those that lie over it, and the starts of all."""
    new, begins, ends = F.col("new"), F.col("served_from"), F.col("served_until")
    span = F.struct(*_FIELDS)
    return [
        F.max(F.when(new, span)).alias("wanted"),
        F.max(F.when(~new & (begins < first), span)).alias("before"),
        F.max(F.when(~new & (ends > last), span)).alias("after"),
        F.collect_list(F.when(~new & (begins < last) & (ends > first), span)).alias("over"),
        F.collect_list(F.when(~new, begins)).alias("starts"),
    ]


def _stands(first: Column, last: Column) -> Column:
    """Whether what is stored says already what is wanted."""

    def same(span: Column) -> Column:
        covers = (span["served_from"] <= first) & (span["served_until"] >= last)
        return covers & span["genres"].eqNullSafe(F.col("wanted.genres"))

    return F.when(F.col("wanted").isNull(), F.size("over") == 0).otherwise(F.exists("over", same))


def _pieces(first: Column, last: Column) -> Column:
    """The spans of an id as they are to be; a neighbour with the genres that are wanted becomes one with them."""
    wanted, before, after = F.col("wanted"), F.col("before"), F.col("after")
    joins_before, joins_after = _joins("before"), _joins("after")
    begins = F.when(joins_before, before["served_from"]).otherwise(first)
    ends = F.when(joins_after, after["served_until"]).otherwise(last)
    return F.array_compact(
        F.array(
            F.when(before.isNotNull() & ~joins_before, _span(before["served_from"], first, before["genres"])),
            F.when(wanted.isNotNull(), _span(begins, ends, wanted["genres"])),
            F.when(after.isNotNull() & ~joins_after, _span(last, after["served_until"], after["genres"])),
        )
    )


def _joins(name: str) -> Column:
    there = F.col("wanted").isNotNull() & F.col(name).isNotNull()
    return there & F.col(f"{name}.genres").eqNullSafe(F.col("wanted.genres"))


def _span(begins: Column, ends: Column, genres: Column) -> Column:
    return F.struct(begins.alias("served_from"), ends.alias("served_until"), genres.alias("genres"))
