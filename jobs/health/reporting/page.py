"""The pages as HTML, from plain values; whatever comes from the tables is escaped."""

import datetime
import itertools
import pathlib

import jinja2

from conf.settings import Settings
from jobs.health.comparisons import OF_LISTS, between, comparisons, shares, shown
from jobs.health.monitoring import series
from jobs.health.monitoring.finding import Finding
from jobs.health.monitoring.verdict import verdict
from jobs.health.overview import Overview
from jobs.health.reporting import words
from jobs.health.reporting.charts import Painter
from jobs.health.reporting.choice import charts, tiles
from jobs.health.reporting.index import DayRow, tone_of
from jobs.health.reporting.recorded import Recorded
from jobs.health.reporting.sparkline import sparkline
from jobs.health.reporting.step_rows import StepRow, failures, steps
from lake.storage import absolute

TEMPLATES = pathlib.Path(__file__).parents[1] / "templates"
AGAIN = "luigi --module tasks.daily DailyPipeline --local-scheduler --date {date}"


def page(
    seen: Overview, known: Recorded, settings: Settings, revision: int = 1, previous: datetime.date | None = None
) -> str:
    """A date's report; ``previous`` is the date of the one before it."""
    evaluate, deviations = settings.evaluate, settings.health.deviations
    found = steps(known.attempts, absolute(settings.lake.root), seen.date)
    broken = failures(found)
    word, sentence = judged(known, seen.date, broken)
    return (
        _environment()
        .get_template("report.html")
        .render(
            day=seen,
            k=evaluate.k,
            revision=revision,
            previous=previous,
            tone="critical" if broken else tone_of(finding.severity for finding in known.findings),
            word=word,
            sentence=sentence,
            findings=[finding for finding in known.findings if not of_steps(finding, broken)],
            failures=broken,
            again=AGAIN.format(date=seen.date),
            title=words.title,
            tiles=tiles(known.series, known.flags, seen.date, deviations),
            charts=charts(known.series, known.flags, seen.date, deviations),
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


def judged(known: Recorded, date: datetime.date, broken: list[StepRow]) -> tuple[str, str]:
    """The verdict as a word and a sentence; steps that failed are named though no finding does."""
    word, _, sentence = verdict(known.findings, series.on(known.series, date)).partition(": ")
    named = {finding.label for finding in known.findings if of_steps(finding, broken)}
    also = [f"{step.task} {step.ended}; " for step in broken if step.task not in named]
    return ("Act now" if broken else word), _capital("".join(also) + sentence)


def of_steps(finding: Finding, broken: list[StepRow]) -> bool:
    """Whether a finding says what stands at the top already: that a step failed and did not come right."""
    return finding.metric in ("steps_failed", "steps_killed") and finding.label in {step.task for step in broken}


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
