"""Write the date's health report: one self-contained HTML file. Needs no Spark."""

import itertools
import os
import pathlib

import jinja2

from conf.layout import report_file
from conf.settings import Evaluate
from jobs.cli import Figures, Job, parser, run
from jobs.comparisons import OF_LISTS, between, comparisons, shares, shown
from jobs.monitoring.record import record
from jobs.overview import Overview, overview
from jobs.rules import over

TEMPLATES = pathlib.Path(__file__).with_name("templates")


def main(job: Job) -> Figures:
    evaluate = job.settings.evaluate
    record(job.lake(), job.date, job.settings)
    seen = overview(job.lake(), job.date, evaluate.k)
    partial = job.args.revision == 0
    target = report_file(job.settings.lake.root, job.date, partial)
    target.parent.mkdir(parents=True, exist_ok=True)
    building = target.with_suffix(f".{os.getpid()}.tmp")
    building.write_text(page(seen, evaluate, job.args.revision), encoding="utf-8")
    building.replace(target)
    if not partial:
        report_file(job.settings.lake.root, job.date, partial=True).unlink(missing_ok=True)
    return {"report": str(target), "rows_out": 1}


def page(seen: Overview, evaluate: Evaluate, revision: int = 1) -> str:
    """The report as HTML; text from the tables is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
    )
    return environment.get_template("report.html").render(
        day=seen,
        k=evaluate.k,
        revision=revision,
        zip_longest=itertools.zip_longest,
        verdict=verdict(seen, evaluate),
        live=comparisons(seen.live, "live", evaluate.k, evaluate.min_users),
        holdout=comparisons(seen.holdout, "holdout", evaluate.k, evaluate.min_users),
        of_lists=OF_LISTS,
        shares=shares(seen.live),
        shown=shown,
        between=between,
    )


def verdict(seen: Overview, evaluate: Evaluate) -> str:
    """The day in one sentence."""
    users = sum(seen.served.values())
    if not users:
        return "No recommendations were written."
    bad = sum(row["quarantined"] for row in seen.accounting)
    fetched = sum(row["fetched"] for row in seen.accounting)
    model = f"model {seen.champion_version}" if seen.champion_version else "popularity alone"
    live = comparisons(seen.live, "live", evaluate.k, evaluate.min_users).get("als")
    beside = ""
    if live and live.theirs:
        ours, theirs = live.ours["ndcg"]["value"], live.theirs["ndcg"]["value"]
        side = "above" if ours > theirs else "not above"
        of = over(live.users, evaluate.min_users)
        beside = f" Live NDCG@{evaluate.k} {ours:.4f} is {side} popularity's {theirs:.4f}{of}."
    state = "The day is not over: figures are partial. " if seen.partial else ""
    return f"{state}{users:,} users have lists, by {model}; {bad:,} of {fetched:,} rows and plays are in quarantine.{beside}"


if __name__ == "__main__":
    run(main, parser(__doc__ or "", "lake", "evaluate", "retrain", "health"))
