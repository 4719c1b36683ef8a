"""Remove what is past its retention, and compact the tables.

Needs no Spark.

Raw folders and lists past their retention, and what a killed save of a model has left, are removed on every day, and on every ``[lake] maintain_days``-th
the small files of the tables are made into large ones (OPTIMIZE) and the files that no kept version of a
table reads are removed (VACUUM). Raw folders that a kept date was cleaned from stay, however old they are.
A day that is not over removes nothing. Last, the tables' new files get their sums (:mod:`lake.sums`), which ``check`` compares.
"""

import datetime
import pathlib

from conf.command_line import Parser
from conf.contract import ENTITIES
from conf.settings import LakeSettings
from conf.tables import TABLES, marker
from jobs.model.factors import sweep
from jobs.runtime.command import Figures, Job, parser, run
from lake import files, sums
from lake.access import Lake
from lake.layout import MANIFEST, challenger_folder, raw_folder


def main(job: Job) -> Figures:
    lake, settings = job.lake(), job.settings.lake
    figures: Figures = dict.fromkeys(("raw_folders", "list_days", "files_compacted", "files_removed"), 0)
    if job.args.revision:
        sweep(challenger_folder(lake.root, job.date).parent)
        figures["raw_folders"] = remove_raw(lake, job.date, settings.keep_raw_days)
        figures["list_days"] = remove_lists(lake, job.date, settings.keep_recommendation_days)
        if settings.maintain_days and job.date.toordinal() % settings.maintain_days == 0:
            figures["files_compacted"], figures["files_removed"] = tidy(lake, settings)
    row = {"date": job.date, **figures}
    lake.replace_rows([row], "maintenance", marker("maintenance", "Maintain", job.date), date=job.date)
    if job.args.revision:
        for table in TABLES:
            sums.record(lake.root, table)
    return figures


def remove_raw(lake: Lake, date: datetime.date, days: int) -> int:
    """Remove raw folders of dates more than ``days`` before ``date``; returns how many. 0 days keep all."""
    if not days:
        return 0
    oldest = date - datetime.timedelta(days=days)
    used = {row["snapshot_date"] for row in lake.rows("accounting", [("date", ">=", oldest)], ["snapshot_date"])}
    old = [
        folder
        for entity in (*ENTITIES, "_day")
        for folder in raw_folder(lake.root, entity, date).parent.glob("date=????-??-??")
        if _date(folder) < oldest and _date(folder) not in used
    ]
    for folder in old:
        files.remove(folder, first=MANIFEST)
    return len(old)


def _date(folder: pathlib.Path) -> datetime.date:
    return datetime.date.fromisoformat(folder.name.removeprefix("date="))


def remove_lists(lake: Lake, date: datetime.date, days: int) -> int:
    """Remove lists of dates more than ``days`` before ``date``; returns of how many dates. 0 days keep all."""
    if not days:
        return 0
    oldest = date - datetime.timedelta(days=days)
    old = lake.arrow("recommendations", [("date", "<", oldest), ("rank", "=", 1)], ["date"])["date"].unique()
    if len(old):
        lake.delete("recommendations", ("date", "<", oldest))
    return len(old)


def tidy(lake: Lake, settings: LakeSettings) -> tuple[int, int]:
    """Compact and vacuum every table; returns the files made into larger ones, and the files removed."""
    compacted = removed = 0
    for name in TABLES:
        table = lake.open(name)
        if table:
            compacted += table.optimize.compact()["numFilesRemoved"]
            # The setting's own lower limit stands in for Delta's, which is a week.
            hours = settings.keep_versions_hours
            removed += len(table.vacuum(hours, dry_run=False, enforce_retention_duration=False))
    return compacted, removed


def arguments() -> Parser:
    return parser(__doc__, "lake", date="required", step=True)


if __name__ == "__main__":
    run(main, arguments())
