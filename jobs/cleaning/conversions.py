"""From a value as served to what the table holds, as Spark columns; null where it does not have the form.

The forms, and the same conversions in Python: :mod:`jobs.cleaning.forms`.
"""

from pyspark.sql import Column
from pyspark.sql import functions as F

from jobs.cleaning import forms
from jobs.cleaning.forms import Context

YEARS = ("0001-01-01 00:00:00", "9999-12-31 23:59:59.999999")


def timestamp(text: Column, context: Context) -> Column:
    """ISO 8601 to UTC; a stamp without a zone is of the context's."""
    moment = text.try_cast("timestamp")
    if context.timezone != "UTC":
        zoned = text.rlike(rf"(?:{forms.ZONE})\z")
        moment = F.when(zoned, moment).otherwise(F.to_utc_timestamp(moment, context.timezone))
    # An offset can carry a moment out of the years that Python and Delta's readers know.
    first, last = (F.lit(limit).cast("timestamp") for limit in YEARS)
    return F.when(text.rlike(whole(forms.TIMESTAMP)) & moment.between(first, last), moment)


def duration(text: Column, context: Context) -> Column:
    """``MM:SS`` to seconds."""
    pattern = whole(forms.DURATION)
    minutes, seconds = (F.regexp_extract(text, pattern, group).cast("int") for group in (1, 2))
    return F.when(text.rlike(pattern), minutes * 60 + seconds)


def email(text: Column, context: Context) -> Column:
    return F.when(text.rlike(whole(forms.EMAIL)), text)


def after_fetch(moment: Column, context: Context) -> Column:
    return moment > F.lit(context.fetched_at)


def whole(pattern: str) -> str:
    """The pattern for all of a text: Java's ``$`` would let a line break stand behind it."""
    return rf"\A(?:{pattern})\z"
