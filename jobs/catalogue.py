"""Who and what there was on a date: the ids of its snapshot, whatever has been fetched since."""

import datetime

from pyspark.sql import DataFrame

from conf.contract import Entity
from conf.errors import Refused
from jobs.cleaning.snapshot import snapshot_ids
from jobs.lake import Lake


def ids_on(lake: Lake, entity: Entity, date: datetime.date, timezone: str) -> DataFrame:
    """The ids, each once, of the clean rows in the snapshot that ``date`` was cleaned from.

    The table does not say: its ``last_seen`` moves on with later dates.
    """
    used = lake.rows("accounting", [("date", "=", date), ("entity", "=", entity.name)], ["snapshot_date"])
    if not used:
        raise Refused(f"{entity.name} of {date} have not been cleaned; run the date's Clean tasks first")
    return snapshot_ids(lake.spark, lake.root, entity, used[0]["snapshot_date"], timezone)
