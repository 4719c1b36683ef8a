"""From a value as served to what the table holds; null where it does not have the form."""

import dataclasses
import datetime

from pyspark.sql import Column
from pyspark.sql import functions as F

# Python and Delta's readers know no year 0.
TIMESTAMP = r"^(?!0000)\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:?\d{2})?$"
ZONE = r"(Z|[+-]\d{2}:?\d{2})$"
DURATION = r"^(\d{1,4}):([0-5]\d)$"
EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"


@dataclasses.dataclass(frozen=True)
class Context:
    """What checks need to know of the fetch: when it ended, and what a zone-less stamp means."""

    fetched_at: datetime.datetime
    timezone: str = "UTC"


def timestamp(text: Column, context: Context) -> Column:
    """ISO 8601 to UTC; a stamp without a zone is of the context's."""
    moment = text.try_cast("timestamp")
    if context.timezone != "UTC":
        moment = F.when(text.rlike(ZONE), moment).otherwise(F.to_utc_timestamp(moment, context.timezone))
    return F.when(text.rlike(TIMESTAMP), moment)


def duration(text: Column, context: Context) -> Column:
    """``MM:SS`` to seconds."""
    minutes, seconds = (F.regexp_extract(text, DURATION, group).cast("int") for group in (1, 2))
    return F.when(text.rlike(DURATION), minutes * 60 + seconds)


def email(text: Column, context: Context) -> Column:
    return F.when(text.rlike(EMAIL), text)


def after_fetch(moment: Column, context: Context) -> Column:
    return moment > F.lit(context.fetched_at)
