"""Write the report of a day, and the index of all days.

Both are self-contained HTML files. Needs no Spark.

python -m jobs report [--date YYYY-MM-DD] [--lake-root data/lake]

By hand, without ``--revision``, it writes anew the report of whatever the date has, lists or not: the revision of the
one that stands is kept, and where none stands the new one does not pass for that of a day that is done.
"""

from conf import days
from conf.command_line import Parser
from jobs.health.monitoring.day_health import DayHealth, read
from jobs.health.monitoring.record import record
from jobs.health.overview import overview, refuse_before_first
from jobs.health.reporting import index
from jobs.health.reporting.page import index_page, page
from jobs.health.reporting.recorded import recorded
from jobs.runtime.command import Figures, Job, parser, run
from lake import files
from lake.access import Lake
from lake.layout import index_file, report_file, report_revision
from lake.sums import sealed


def main(job: Job) -> Figures:
    root, evaluate = job.settings.lake.root, job.settings.evaluate
    by_hand = job.args.revision is None
    partial = job.date >= days.today() if by_hand else job.args.revision == 0
    target = report_file(root, job.date, partial)
    revision = max(report_revision(target), 0) if by_hand else job.args.revision
    lake = Lake(root, revision=revision)
    if by_hand:
        refuse_before_first(lake, job.date)
    earlier = [date for date in index.reports(root) if date < job.date]
    known = recorded(lake, health_of(lake, job, by_hand))
    seen = overview(lake, job.date, evaluate.k)
    text = page(seen, known, job.settings, revision, max(earlier, default=None))
    files.write(target, sealed(text.encode()))
    if not partial and revision:
        report_file(root, job.date, partial=True).unlink(missing_ok=True)
    files.write(index_file(root), sealed(index_page(index.read(lake, evaluate.k), evaluate.k).encode()))
    if by_hand:
        print(target.absolute())
    return {"report": str(target), "rows_out": 1}


def health_of(lake: Lake, job: Job, by_hand: bool) -> DayHealth:
    """Recorded now by the day's own step; later, what was recorded then: a table has no figures of its past."""
    known = read(lake, job.date) if by_hand else None
    return known if known and known.figures else record(lake, job.date, job.settings)


def arguments() -> Parser:
    result = parser(__doc__, "lake", "evaluate", "retrain", "health", date="yesterday", step=True)
    result.set_defaults(revision=None, step=False)
    return result


if __name__ == "__main__":
    run(main, arguments())
