"""The pages as HTML, from plain values; whatever comes from the tables is escaped."""

import datetime
import itertools
import pathlib

import jinja2

from conf.settings import Evaluate
from jobs.comparisons import OF_LISTS, between, comparisons, shares, shown
from jobs.monitoring import series
from jobs.monitoring.verdict import verdict
from jobs.overview import Overview
from jobs.reporting import words
from jobs.reporting.charts import Painter
from jobs.reporting.index import DayRow, tone_of
from jobs.reporting.panels import charts, tiles
from jobs.reporting.recorded import Recorded
from jobs.reporting.sparkline import sparkline
from jobs.reporting.steps import failures, steps

TEMPLATES = pathlib.Path(__file__).parents[1] / "templates"
AGAIN = "luigi --module tasks.daily DailyPipeline --local-scheduler --date {date}"


def page(
    seen: Overview,
    known: Recorded,
    evaluate: Evaluate,
    root: str,
    revision: int = 1,
    previous: datetime.date | None = None,
) -> str:
    """A date's report; ``previous`` is the date of the one before it."""
    found = steps(known.attempts, root, seen.date)
    broken = failures(found)
    tone = "critical" if broken else tone_of(finding.severity for finding in known.findings)
    word, _, sentence = verdict(known.findings, series.on(known.series, seen.date)).partition(": ")
    return (
        _environment()
        .get_template("report.html")
        .render(
            day=seen,
            k=evaluate.k,
            revision=revision,
            previous=previous,
            tone=tone,
            word="Act now" if broken else word,
            sentence=_capital(sentence),
            findings=known.findings,
            failures=broken,
            again=AGAIN.format(date=seen.date),
            title=words.title,
            tiles=tiles(known.series, known.flags, seen.date),
            charts=charts(known.series, known.flags, seen.date),
            draw=Painter().draw,
            sparkline=sparkline,
            steps=found,
            zip_longest=itertools.zip_longest,
            live=comparisons(seen.live, "live", evaluate.k, evaluate.min_users),
            holdout=comparisons(seen.holdout, "holdout", evaluate.k, evaluate.min_users),
            of_lists=OF_LISTS,
            shares=shares(seen.live),
            shown=shown,
            between=between,
        )
    )


def index_page(days: list[DayRow], k: int) -> str:
    """All days, in the order given."""
    return _environment().get_template("index.html").render(days=days, k=k)


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )


def _capital(text: str) -> str:
    """The sentence begins like one, but where it begins with a name."""
    return text[:1].upper() + text[1:] if text.split(" ")[0].isalpha() else text
