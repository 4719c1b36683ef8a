"""Clean one entity's snapshot into its table and quarantine.

Every row is accounted for.

Tracks and users are merged: ``first_seen`` and ``last_seen`` widen, attributes come from a snapshot that is
not older. Plays of listens are added under their row's version, and nothing is taken away.
"""

import collections
import datetime
import json

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from conf.command_line import Parser, begun_day, one_of
from conf.contract import ENTITIES, LISTENS, TRACKS, UNKNOWN, USERS, Entity
from conf.errors import Refused
from conf.tables import TABLES, marker
from jobs.cleaning import TASKS, plays, rows, served
from jobs.cleaning.checks import SMALL
from jobs.cleaning.recompute import take_back
from jobs.cleaning.snapshot import Snapshot, open_snapshot, read_checked, snapshot_ids
from jobs.cleaning.suppressed import hold_against_list
from jobs.runtime.command import Figures, Job, parser, run
from jobs.runtime.frames import SparkLake
from jobs.runtime.progress import progress
from jobs.runtime.session import MANY, Keep, keeping

OUTCOMES = ("clean", "duplicate", "quarantined", "later", "suppressed")
FEW_REPEATED = 1_000_000  # keys that one machine holds in a hash table of some 100 MB


def main(job: Job) -> Figures:
    entity = ENTITIES[job.args.entity]
    root, timezone = job.settings.lake.root, job.settings.api.timezone
    used = job.args.snapshot_date or job.date
    for read in (entity, *(ENTITIES[name] for _, name in entity.references)):
        hold_against_list(root, read, used)
    snapshot = open_snapshot(root, entity, used, timezone)
    spark = job.spark(f"clean {entity.name} {job.date}", snapshot.rows)
    lake = job.frames(spark)

    progress(0.1, f"judging {snapshot.rows:,} rows")
    with keeping() as keep:
        judged = judge(spark, root, snapshot, keep)
        tracks = keep(ids(spark, root, TRACKS, snapshot)) if entity is LISTENS else None
        outcomes = units(judged, tracks, job.date)
        counts, reasons = count(outcomes, snapshot)
        refuse_too_many_bad(entity, counts, reasons, job.settings.clean.max_bad_share)
        progress(0.6, f"writing {counts['clean']:,} clean and {counts['quarantined']:,} quarantined")
        commit(lake, outcomes, snapshot, {**counts, "reasons": json.dumps(reasons)}, job.date)
    return {"rows_in": counts["rows"], "rows_out": counts["clean"], **{name: counts[name] for name in OUTCOMES}}


def commit(lake: SparkLake, outcomes: DataFrame, snapshot: Snapshot, figures: dict, date: datetime.date) -> None:
    """Quarantine and accounting first, then who or what was served, the table last: its marker says that the step is done."""
    entity = snapshot.entity
    name = marker("quarantine", TASKS[entity.name], date)
    if figures["quarantined"] <= SMALL:
        few = rows.quarantine_here(outcomes, entity, date)
        lake.replace_arrow(few, "quarantine", name, {"date": date, "entity": entity.name})
    else:
        bad = rows.quarantine(outcomes, entity, date)
        lake.replace(bad, "quarantine", name, figures["quarantined"], date=date, entity=entity.name)
    accounting = {
        "date": date,
        "entity": entity.name,
        "revision": lake.revision,
        "snapshot_date": snapshot.date,
        "fetched_at": snapshot.context.fetched_at,
        **figures,
    }
    name = marker("accounting", TASKS[entity.name], date)
    lake.replace_rows([accounting], "accounting", name, date=date, entity=entity.name)
    if entity is not LISTENS:
        served.record(lake, rows.clean(outcomes), entity, date)
    merge(lake, rows.clean(outcomes), entity, date, snapshot.context.timezone, figures["clean"])


def judge(spark: SparkSession, root: str, snapshot: Snapshot, keep: Keep) -> DataFrame:
    """Rows of a snapshot with the table's columns, ``reasons`` and ``outcome``; of listens, plays still together.

    Of many rows, what is kept are the rows as read: where few keys repeat, as in a snapshot, no others are moved.
    """
    entity, many = snapshot.entity, snapshot.rows >= MANY
    checked = read_checked(spark, snapshot)
    if many:
        judged = judge_many(keep(checked.withColumn("row_id", F.monotonically_increasing_id())), entity, keep)
    else:
        judged = rows.with_outcome(checked, entity)
    if entity is LISTENS:
        users = ids(spark, root, USERS, snapshot)
        judged = plays.add_unknown(judged, keep(users) if many else users, "user_id", UNKNOWN["users"])
    return judged if many else keep(judged)


def judge_many(checked: DataFrame, entity: Entity, keep: Keep) -> DataFrame:
    """``checked`` with outcomes, where it is kept, with a ``row_id``."""
    repeated = keep(rows.repeated_keys(checked, entity))
    if repeated.count() > FEW_REPEATED:
        return rows.with_outcome(checked, entity).drop("row_id")
    return rows.with_outcome_knowing(checked, keep(rows.duplicates(checked, repeated, entity)))


def units(judged: DataFrame, tracks: DataFrame | None, date: datetime.date) -> DataFrame:
    """What is counted and kept, each with its outcome: the rows, or with ``tracks`` (track_id) the plays of listens."""
    if tracks is None:
        return judged
    known = plays.add_unknown(plays.explode_plays(judged), tracks, "track_id", UNKNOWN["tracks"])
    return plays.with_play_outcome(known, date)


def ids(spark: SparkSession, root: str, entity: Entity, snapshot: Snapshot) -> DataFrame:
    return snapshot_ids(spark, root, entity, snapshot.date, snapshot.context.timezone)


def count(outcomes: DataFrame, snapshot: Snapshot) -> tuple[dict[str, int], dict[str, int]]:
    """Rows, units fetched and units by outcome; and how many break each rule, most first.

    Raises:
        Refused: rows were lost or made up on the way.
    """
    is_row = F.coalesce(F.col("position"), F.lit(0)) == 0 if "position" in outcomes.columns else F.lit(True)
    groups = (
        outcomes.groupBy("outcome", "reasons")
        .agg(F.count_if(is_row).alias("rows"), F.count("*").alias("units"))
        .toArrow()
    ).to_pylist()
    units, broken = collections.Counter[str](), collections.Counter[str]()
    for group in groups:
        units[group["outcome"]] += group["units"]
        for reason in group["reasons"]:
            broken[reason] += group["units"]
    counts = {
        "rows": sum(group["rows"] for group in groups),
        "fetched": sum(group["units"] for group in groups),
        **{name: units[name] for name in OUTCOMES},
    }
    name = snapshot.entity.name
    if counts["rows"] != snapshot.rows:
        raise Refused(
            f"{snapshot.folder}: {counts['rows']} rows of {name} were read, its manifest says {snapshot.rows}; "
            "remove the folder and fetch the date again"
        )
    counts["rows"] += snapshot.suppressed_rows
    for column in ("fetched", "suppressed"):
        counts[column] += snapshot.suppressed_units
    if units.keys() - set(OUTCOMES) or counts["fetched"] != sum(counts[name] for name in OUTCOMES):
        raise Refused(f"{name}: the outcomes of {snapshot.folder} do not add up: {dict(units)}")
    return counts, dict(sorted(broken.items(), key=lambda item: (-item[1], item[0])))


def refuse_too_many_bad(entity: Entity, counts: dict[str, int], reasons: dict[str, int], limit: float) -> None:
    """
    Raises:
        Refused: the share of bad rows (of listens: plays) is above the limit.
    """
    if counts["quarantined"] <= limit * counts["fetched"]:
        return
    listed = ", ".join(f"{name} {number:,}" for name, number in reasons.items())
    raise Refused(
        f"{entity.name}: {counts['quarantined']:,} of {counts['fetched']:,} are bad, a share of "
        f"{counts['quarantined'] / counts['fetched']:.2f} where at most {limit:g} is allowed ({listed}); nothing was "
        "written. Look at the raw folder; if the API is right, raise [clean] max_bad_share and run again"
    )


def merge(lake: SparkLake, clean: DataFrame, entity: Entity, date: datetime.date, timezone: str, at_most: int) -> None:
    """Put a date's clean rows into the entity's table so that the order of dates does not matter."""
    if entity is LISTENS:
        merge_plays(lake, clean.withColumn("first_seen", F.lit(date)), date, at_most)
    else:
        merge_people_or_tracks(lake, clean, entity, date, timezone, at_most)


def merge_plays(lake: SparkLake, seen: DataFrame, date: datetime.date, at_most: int) -> None:
    """Plays of versions that are not known are added; a version is seen first on its earliest date.

    First all of the date's plays are made to be there: what runs beside this cannot bring one of them then,
    so that lowering their ``first_seen`` afterwards misses none.
    """
    name = marker("listens", TASKS[LISTENS.name], date)
    if lake.revision > 1:
        lake.keep_only(seen, "listens", name, at_most, first_seen=date)
    lake.insert(seen, "listens", name, at_most)
    # A version holds what it held on that date.
    lake.update(
        seen, "listens", name, {"first_seen": "s.first_seen", "track_id": "s.track_id"}, at_most, first_seen=date
    )


def merge_people_or_tracks(
    lake: SparkLake, clean: DataFrame, entity: Entity, date: datetime.date, timezone: str, at_most: int
) -> None:
    """``first_seen`` and ``last_seen`` widen; attributes come from a snapshot that is not older."""
    table = TABLES[entity.name]
    name = marker(table.name, TASKS[entity.name], date)
    if lake.revision > 1 and not lake.committed(name):
        take_back(lake, clean, entity, date, timezone, name)
    attributes = set(table.names) - {*table.key, "first_seen", "last_seen"}
    newer = {
        attribute: f"CASE WHEN s.last_seen >= t.last_seen THEN s.{attribute} ELSE t.{attribute} END"
        for attribute in attributes
    }
    widened = {
        "first_seen": "least(s.first_seen, t.first_seen)",
        "last_seen": "greatest(s.last_seen, t.last_seen)",
    }
    seen = clean.withColumns({"first_seen": F.lit(date), "last_seen": F.lit(date)})
    lake.merge(seen, table.name, name, {**newer, **widened}, at_most)


def arguments() -> Parser:
    result = parser(__doc__, "api", "lake", "spark", "clean", date="required", step=True)
    result.add_argument(
        "--entity",
        required=True,
        type=one_of("--entity", sorted(ENTITIES)),
        metavar="NAME",
        help=f"what to clean: {', '.join(sorted(ENTITIES))}",
    )
    result.add_argument(
        "--snapshot-date",
        type=begun_day("--snapshot-date"),
        metavar="YYYY-MM-DD",
        help="date whose raw folder is used (default: --date)",
    )
    return result


if __name__ == "__main__":
    run(main, arguments())
