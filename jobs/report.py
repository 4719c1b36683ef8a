"""Write the date's health report: one self-contained HTML file. Needs no Spark."""

import itertools
import os
import pathlib

import jinja2

from conf.layout import report_file
from jobs.cli import Figures, Job, parser, run
from jobs.overview import Overview, ndcg, overview

TEMPLATES = pathlib.Path(__file__).with_name("templates")


def main(job: Job) -> Figures:
    k = job.settings.evaluate.k
    seen = overview(job.lake(), job.date, k)
    partial = job.args.revision == 0
    target = report_file(job.settings.lake.root, job.date, partial)
    target.parent.mkdir(parents=True, exist_ok=True)
    building = target.with_suffix(f".{os.getpid()}.tmp")
    building.write_text(page(seen, k, job.args.revision), encoding="utf-8")
    building.replace(target)
    if not partial:
        report_file(job.settings.lake.root, job.date, partial=True).unlink(missing_ok=True)
    return {"report": str(target), "rows_out": 1}


def page(seen: Overview, k: int, revision: int = 1) -> str:
    """The report as HTML; text from the tables is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
    )
    return environment.get_template("report.html").render(
        day=seen,
        k=k,
        revision=revision,
        zip_longest=itertools.zip_longest,
        verdict=verdict(seen, k),
        live=ndcg(seen.live, k),
        holdout=ndcg(seen.holdout, k),
    )


def verdict(seen: Overview, k: int) -> str:
    """The day in one sentence."""
    users = sum(seen.served.values())
    if not users:
        return "No recommendations were written."
    bad = sum(row["quarantined"] for row in seen.accounting)
    fetched = sum(row["fetched"] for row in seen.accounting)
    model = f"model {seen.champion_version}" if seen.champion_version else "popularity alone"
    live = ndcg(seen.live, k)
    beside = ""
    if "als" in live and "popularity_als" in live:
        ours, theirs = live["als"]["value"], live["popularity_als"]["value"]
        side = "above" if ours > theirs else "not above"
        beside = f" Live NDCG@{k} {ours:.4f} is {side} popularity's {theirs:.4f}, over {live['als']['users']} users."
    state = "The day is not over: figures are partial. " if seen.partial else ""
    return f"{state}{users:,} users have lists, by {model}; {bad:,} of {fetched:,} rows and plays are in quarantine.{beside}"


if __name__ == "__main__":
    run(main, parser(__doc__ or "", "lake", "evaluate"))
