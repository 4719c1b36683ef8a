"""Clean one entity's snapshot: good rows into its table, bad ones into quarantine, all of them accounted for.

Tracks and users are merged: ``first_seen`` and ``last_seen`` widen, attributes come from a snapshot that is
not older. Plays of listens are added under their row's version, and nothing is taken away.
"""

import datetime

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from conf.contract import ENTITIES, LISTENS, TRACKS, USERS, Entity
from conf.errors import Refused
from conf.tables import TABLES, marker
from jobs.cleaning import plays, rows
from jobs.cleaning.snapshot import Snapshot, open_snapshot, read_checked, snapshot_ids
from jobs.cli import Figures, Job, parser, run
from jobs.lake import Lake
from jobs.session import persisted

OUTCOMES = ("clean", "duplicate", "quarantined", "later", "suppressed")
TASKS = {"tracks": "CleanTracks", "users": "CleanUsers", "listen_history": "CleanListens"}


def main(job: Job) -> Figures:
    entity = ENTITIES[job.args.entity]
    root, timezone = job.settings.lake.root, job.settings.api.timezone
    snapshot = open_snapshot(root, entity, job.args.snapshot_date or job.date, timezone)
    spark = job.spark(f"clean {entity.name} {job.date}")
    lake = job.lake(spark)

    outcomes = judge(spark, root, snapshot, job.date)
    with persisted(outcomes):
        counts = count(outcomes, snapshot)
        commit(lake, outcomes, snapshot, counts, job.date)
    return {"rows_in": counts["rows"], "rows_out": counts["clean"], **{name: counts[name] for name in OUTCOMES}}


def commit(lake: Lake, outcomes: DataFrame, snapshot: Snapshot, counts: dict[str, int], date: datetime.date) -> None:
    """Quarantine and accounting first, the table last: its marker says that the step is done."""
    entity = snapshot.entity
    quarantined = quarantine(outcomes, entity, date)
    name = marker("quarantine", TASKS[entity.name], date)
    lake.replace(quarantined, "quarantine", name, counts["quarantined"], date=date, entity=entity.name)
    accounting = {
        "date": date,
        "entity": entity.name,
        "revision": lake.revision,
        "snapshot_date": snapshot.date,
        "fetched_at": snapshot.context.fetched_at,
        **counts,
    }
    lake.replace_rows(
        [accounting], "accounting", marker("accounting", TASKS[entity.name], date), date=date, entity=entity.name
    )
    merge(lake, rows.clean(outcomes), entity, date)


def judge(spark: SparkSession, root: str, snapshot: Snapshot, date: datetime.date) -> DataFrame:
    """Rows (of listens: plays) of a snapshot with the table's columns, ``reasons`` and ``outcome``."""
    checked = rows.with_outcome(read_checked(spark, snapshot), snapshot.entity)
    if snapshot.entity is not LISTENS:
        return checked
    timezone = snapshot.context.timezone
    known = {entity.name: snapshot_ids(spark, root, entity, snapshot.date, timezone) for entity in (USERS, TRACKS)}
    referenced = plays.add_references(plays.explode_plays(checked), known["users"], known["tracks"])
    return plays.with_play_outcome(referenced, date)


def count(outcomes: DataFrame, snapshot: Snapshot) -> dict[str, int]:
    """Rows, units fetched, and units by outcome.

    Raises:
        Refused: rows were lost or made up on the way.
    """
    is_row = F.coalesce(F.col("position"), F.lit(0)) == 0 if "position" in outcomes.columns else F.lit(True)
    found = outcomes.agg(
        F.count_if(is_row).alias("rows"),
        F.count("*").alias("fetched"),
        *[F.count_if(F.col("outcome") == name).alias(name) for name in OUTCOMES],
    ).first()
    counts: dict[str, int] = found.asDict() if found else {}
    name = snapshot.entity.name
    if counts["rows"] != snapshot.rows:
        raise Refused(
            f"{snapshot.folder}: {counts['rows']} rows of {name} were read, its manifest says {snapshot.rows}; "
            "remove the folder and fetch the date again"
        )
    if counts["fetched"] != sum(counts[name] for name in OUTCOMES):
        raise Refused(f"{name}: the outcomes of {snapshot.folder} do not add up: {counts}")
    return counts


def quarantine(outcomes: DataFrame, entity: Entity, date: datetime.date) -> DataFrame:
    if entity is not LISTENS:
        return rows.quarantine(outcomes, entity, F.lit(date))
    return outcomes.filter(F.col("outcome") == "quarantined").select(
        F.lit(date).alias("date"), F.lit(entity.name).alias("entity"), "reasons", plays.play_row().alias("row")
    )


def merge(lake: Lake, clean: DataFrame, entity: Entity, date: datetime.date) -> None:
    """Put a date's clean rows into the entity's table so that the order of dates does not matter."""
    table = "listens" if entity is LISTENS else entity.name
    name = marker(table, TASKS[entity.name], date)
    seen = clean.withColumn("first_seen", F.lit(date))
    if entity is LISTENS:
        # A version is seen first on the earliest date, and holds what it held then.
        lake.merge(
            seen, table, name, {"first_seen": "s.first_seen", "track_id": "s.track_id"}, "s.first_seen < t.first_seen"
        )
        return
    attributes = set(TABLES[table].names) - {*TABLES[table].key, "first_seen", "last_seen"}
    newer = {
        attribute: f"CASE WHEN s.last_seen >= t.last_seen THEN s.{attribute} ELSE t.{attribute} END"
        for attribute in attributes
    }
    widened = {
        "first_seen": "least(s.first_seen, t.first_seen)",
        "last_seen": "greatest(s.last_seen, t.last_seen)",
    }
    lake.merge(seen.withColumn("last_seen", F.lit(date)), table, name, {**newer, **widened})


if __name__ == "__main__":
    arguments = parser(__doc__ or "", "api", "lake", "spark")
    arguments.add_argument("--entity", required=True, choices=sorted(ENTITIES), help="what to clean")
    arguments.add_argument(
        "--snapshot-date", type=datetime.date.fromisoformat, help="date whose raw folder is used (default: --date)"
    )
    run(main, arguments)
