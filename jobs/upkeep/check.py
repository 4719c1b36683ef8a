"""Check checksums, keys, references and accounting of the lake.

All dates are looked at, and nothing is written.

python -m jobs check [--lake-root data/lake]

First come the files: raw folders, tables, models and reports. Then each check is a Spark SQL query that counts what it
looked at and what breaks it; one over a table that cannot be read is broken. With the raw folders that are still kept,
the accounting is held against their manifests too. Ends with code 1 where anything is broken, after a list of the
damaged files that says what to do about each.
"""

import re
from collections.abc import Mapping
from typing import Any

from pyspark.sql import SparkSession

from conf.command_line import Parser
from conf.contract import ENTITIES, Entity
from conf.errors import Refused
from conf.table import Table
from conf.tables import TABLES
from jobs.cleaning.snapshot import described
from jobs.runtime.command import Figures, Job, parser, run
from jobs.runtime.frames import SparkLake
from jobs.upkeep.damage import first_line, listed, survey
from lake.access import Lake
from lake.layout import MANIFEST, raw_folder, table_folder
from lake.sums import lasting


def overlaps(table: str, key: str) -> str:
    """Spans of dates, and those that end before they begin or after the next of the same id begins."""
    ordered = f"SELECT *, lead(served_from) OVER (PARTITION BY {key} ORDER BY served_from) AS next FROM {table}"  # noqa: S608 - names are declared in conf
    ends = "coalesce(served_until, DATE '9999-12-31')"
    return f"SELECT count(*), count_if({ends} <= served_from OR coalesce({ends} > next, false)) FROM ({ordered})"  # noqa: S608


Check = tuple[str, int, int]  # name, looked at, broken
MANIFESTS = "accounting: rows and time of fetch are the manifests'"
CHECKS = {
    "tracks: ids and durations are not negative": "SELECT count(*), count_if(track_id < 0 OR duration_s < 0) FROM tracks",
    "tracks: required columns have values": (
        "SELECT count(*), count_if(name IS NULL OR artist IS NULL OR created_at IS NULL OR updated_at IS NULL) FROM tracks"
    ),
    "tracks: seen first before last": "SELECT count(*), count_if(NOT coalesce(first_seen <= last_seen, false)) FROM tracks",
    "users: ids are not negative": "SELECT count(*), count_if(user_id < 0) FROM users",
    "users: required columns have values": (
        "SELECT count(*), count_if(email IS NULL OR created_at IS NULL OR updated_at IS NULL) FROM users"
    ),
    "users: seen first before last": "SELECT count(*), count_if(NOT coalesce(first_seen <= last_seen, false)) FROM users",
    "tracks_served: spans of a track do not overlap": overlaps("tracks_served", "track_id"),
    "users_served: spans of a user do not overlap": overlaps("users_served", "user_id"),
    "tracks_served: tracks are there": (
        "SELECT count(*), count_if(t.track_id IS NULL) FROM tracks_served s LEFT JOIN tracks t ON s.track_id = t.track_id"
    ),
    "users_served: users are there": (
        "SELECT count(*), count_if(u.user_id IS NULL) FROM users_served s LEFT JOIN users u ON s.user_id = u.user_id"
    ),
    "listens: every column has a value": (
        "SELECT count(*), count_if(track_id IS NULL OR updated_at IS NULL OR first_seen IS NULL OR position < 0) FROM listens"
    ),
    "listens: heard by the end of the date that saw it first": (
        "SELECT count(*), count_if(NOT coalesce(listened_at < date_add(first_seen, 1), false)) FROM listens"
    ),
    "listens: users are there": (
        "SELECT count(*), count_if(u.user_id IS NULL) FROM listens l LEFT JOIN users u ON l.user_id = u.user_id"
    ),
    "listens: tracks are there": (
        "SELECT count(*), count_if(t.track_id IS NULL) FROM listens l LEFT JOIN tracks t ON l.track_id = t.track_id"
    ),
    "accounting: fetched is clean, duplicate, quarantined, later and suppressed": (
        "SELECT count(*), count_if(fetched <> clean + duplicate + quarantined + later + suppressed) FROM accounting"
    ),
    "accounting: quarantined is what quarantine holds": (
        "SELECT count(*), count_if(a.quarantined <> coalesce(q.held, 0)) FROM accounting a LEFT JOIN "
        "(SELECT date, entity, count(*) AS held FROM quarantine GROUP BY date, entity) q "
        "ON a.date = q.date AND a.entity = q.entity"
    ),
    "accounting: each rule is broken as often as quarantine says": (
        "WITH said AS (SELECT date, entity, rule, number FROM accounting "
        "LATERAL VIEW explode(from_json(reasons, 'map<string, bigint>')) r AS rule, number), "
        "held AS (SELECT date, entity, rule, count(*) AS number FROM quarantine LATERAL VIEW explode(reasons) r AS rule "
        "GROUP BY date, entity, rule) "
        "SELECT count(*), count_if(NOT said.number <=> held.number) FROM said FULL JOIN held USING (date, entity, rule)"
    ),
    "accounting: a date's clean plays are in listens": (
        "SELECT count(*), count_if(clean > held) FROM (SELECT a.date, a.clean, count(l.user_id) AS held FROM accounting a "
        "LEFT JOIN listens l ON l.first_seen <= a.date WHERE a.entity = 'listen_history' GROUP BY a.date, a.clean)"
    ),
    "quarantine: every row has a reason": "SELECT count(*), count_if(size(reasons) = 0) FROM quarantine",
    "recommendations: ranks are 1, 2, 3 and on, scores descend": (
        "SELECT count(*), count_if(rank <> expected OR rises) FROM (SELECT rank, source, "
        "row_number() OVER list AS expected, "
        "coalesce(score > lag(score) OVER list AND source = lag(source) OVER list, false) AS rises "
        "FROM recommendations WINDOW list AS (PARTITION BY date, user_id ORDER BY rank))"
    ),
    "recommendations: no track twice in a list": (
        "SELECT count(*), coalesce(sum(n - 1), 0) FROM "
        "(SELECT count(*) AS n FROM recommendations GROUP BY date, user_id, track_id)"
    ),
    "recommendations: users and tracks are there": (
        "SELECT count(*), count_if(u.user_id IS NULL OR t.track_id IS NULL) FROM recommendations r "
        "LEFT JOIN users u ON r.user_id = u.user_id LEFT JOIN tracks t ON r.track_id = t.track_id"
    ),
    "evaluations: a value lies in its interval and is no NaN": (
        "SELECT count(*), count_if(isnan(value) OR value < low - 1e-9 OR value > high + 1e-9) FROM evaluations"
    ),
}


def main(job: Job) -> Figures:
    spark = job.spark("check")
    lake = job.frames(spark)
    surveys = survey(lake.root)
    found = [(f"files: each {of.kind} is as it was written", of.looked_at, len(of.damaged)) for of in surveys]
    for check in found:
        tell(check)
    for check in run_checks(spark, unreadable(lake)):
        tell(check)
        found.append(check)
    found.append(manifests(lake))
    tell(found[-1])
    broken_checks = [name for name, _, broken in found if broken]
    print(f"{len(found)} checks, {len(broken_checks)} broken (columns: looked at, broken)")
    for damage in (damage for of in surveys for damage in of.damaged):
        print(f"DAMAGED  {damage}")
    if broken_checks:
        raise Refused(
            f"{lake.root}: {len(broken_checks)} of {len(found)} checks are broken: {'; '.join(broken_checks)}"
        )
    return {"checks": len(found), "rows_in": sum(looked_at for _, looked_at, _ in found)}


def tell(check: Check) -> None:
    name, looked_at, broken = check
    print(f"{'BROKEN' if broken else 'ok':<7}{looked_at:>12,}{broken:>10,}  {name}", flush=True)


def unreadable(lake: SparkLake) -> dict[str, str]:
    """Make a view of each table, an empty one where it is not there; why not, of those that cannot be opened."""
    found = {}
    for name, table in TABLES.items():
        try:
            _, why = listed(lake.root, name, bool(lasting(table_folder(lake.root, name))))
            if why:
                raise Refused(why)
            lake.view(name).createOrReplaceTempView(name)
        except Exception as error:  # whatever is raised over a damaged log is the answer
            found[name] = first_line(error)
            lake.spark.createDataFrame([], table.ddl).createOrReplaceTempView(name)
    return found


def run_checks(spark: SparkSession, unreadable: Mapping[str, str]) -> list[Check]:
    """Name, rows looked at and rows that break it, of each check; one that cannot be made counts as broken."""
    queries = {
        **{f"{table.name}: keys are told apart": key_query(table) for table in TABLES.values() if table.key},
        **CHECKS,
    }
    found = []
    for name, query in queries.items():
        why = next((why for table, why in unreadable.items() if re.search(rf"\b{table}\b", query)), "")
        try:
            looked_at, broken = (0, 1) if why else spark.sql(query).collect()[0]
        except Exception as error:  # a file that is missing, cut or changed
            looked_at, broken, why = 0, 1, first_line(error)
        found.append((f"{name}: cannot be told, {why}" if why else name, int(looked_at), int(broken)))
    return found


def key_query(table: Table) -> str:
    """Rows, and rows too many: those whose key another has, or that lack a part of it."""
    key, null = ", ".join(table.key), " OR ".join(f"{name} IS NULL" for name in table.key)
    grouped = f"SELECT {key}, count(*) AS n FROM {table.name} GROUP BY {key}"  # noqa: S608 - names are declared in conf
    return f"SELECT coalesce(sum(n), 0), coalesce(sum(n - 1), 0) + coalesce(sum(if({null}, n, 0)), 0) FROM ({grouped})"  # noqa: S608


def manifests(lake: Lake) -> Check:
    """Rows and time of fetch in the accounting against the manifests of the raw folders that are kept."""
    looked_at = broken = 0
    try:
        rows = lake.rows("accounting")
    except Exception as error:  # as above
        return f"{MANIFESTS}: cannot be told, {first_line(error)}", 0, 1
    for row in rows:
        entity = ENTITIES[row["entity"]]
        if (raw_folder(lake.root, entity.name, row["snapshot_date"]) / MANIFEST).exists():
            looked_at, broken = looked_at + 1, broken + (not _is_accounted(lake.root, entity, row))
    return MANIFESTS, looked_at, broken


def _is_accounted(root: str, entity: Entity, row: Mapping[str, Any]) -> bool:
    try:
        snapshot = described(root, entity, row["snapshot_date"], "UTC")
    except Refused:  # a manifest that cannot be read
        return False
    rows = snapshot.rows + snapshot.suppressed_rows
    return (rows, snapshot.context.fetched_at) == (row["rows"], row["fetched_at"])


def arguments() -> Parser:
    return parser(__doc__, "lake", "spark")


if __name__ == "__main__":
    run(main, arguments())
