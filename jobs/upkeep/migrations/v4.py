"""``tracks_served`` and ``users_served`` are built from the raw folders that are still kept, oldest date first.

Killed and run again it goes on: a date whose marker stands is done. A date whose raw folder is gone is left out, and who
asks what was served on it is refused.
"""

import logging

from pyspark.sql import SparkSession

from conf.contract import ENTITIES, TRACKS, USERS
from jobs.cleaning import rows, served
from jobs.cleaning.snapshot import described, open_snapshot, read_checked
from jobs.cleaning.suppressed import hold_against_list
from jobs.runtime.command import Job
from jobs.runtime.frames import SparkLake
from jobs.runtime.progress import progress
from lake import files
from lake.access import Lake
from lake.layout import MANIFEST, raw_folder

log = logging.getLogger("jobs.migrate")


def migrate(lake: Lake, job: Job) -> None:
    dates = pending(lake)
    if not dates:
        return
    timezone = job.settings.api.timezone
    counts = [described(lake.root, ENTITIES[row["entity"]], row["snapshot_date"], timezone).rows for row in dates]
    spark = job.spark("migrate", max(counts))
    for number, row in enumerate(dates):
        progress(
            number / len(dates), f"{row['entity']} that were served on {row['date']}, {number + 1} of {len(dates)}"
        )
        record(lake.root, spark, row, timezone)


def pending(lake: Lake) -> list[dict]:
    """The rows of accounting, oldest first, whose raw folder is there and whose state is not known yet."""
    accounted = lake.rows("accounting", [("entity", "in", [TRACKS.name, USERS.name])])
    return [
        row
        for row in sorted(accounted, key=lambda row: (row["date"], row["entity"]))
        if files.exists(raw_folder(lake.root, row["entity"], row["snapshot_date"]) / MANIFEST)
        and not lake.committed(served.marker_of(ENTITIES[row["entity"]], row["date"]))
    ]


def record(root: str, spark: SparkSession, row: dict, timezone: str) -> None:
    """As cleaning the date would have done, in the revision that it has."""
    entity = ENTITIES[row["entity"]]
    hold_against_list(root, entity, row["snapshot_date"])
    snapshot = open_snapshot(root, entity, row["snapshot_date"], timezone)
    clean = rows.clean(rows.with_outcome(read_checked(spark, snapshot), entity))
    found = clean.count()
    if found != row["clean"]:
        log.warning(
            "%s of %s: %s rows are clean, accounting says %s; give --api-timezone as the days have it, or recompute the date",
            entity.name, row["date"], f"{found:,}", f"{row['clean']:,}",
        )  # fmt: skip
    served.record(SparkLake(root, spark, row["revision"], any_schema=True), clean, entity, row["date"])
