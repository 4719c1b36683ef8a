"""The day in one sentence: what is wrong first, else that all is well."""

from collections.abc import Iterable

from jobs.health.monitoring.finding import Finding, in_order
from jobs.health.monitoring.series import DayFigures
from jobs.health.monitoring.units import figure

NAMED = 4  # findings that the sentence names; the others it counts


def verdict(findings: Iterable[Finding], figures: DayFigures, partial: bool = False) -> str:
    """The sentence; ``partial`` where the day is not over."""
    found = in_order(findings)
    state = "The day is not over: figures are partial. " if partial else ""
    if not found:
        return f"{state}All is well: {served(figures)}."
    critical = any(finding.severity == "critical" for finding in found)
    return f"{state}{'Act now' if critical else 'Look at it today'}: {named(found)}; {served(figures)}."


def named(found: list[Finding]) -> str:
    """The headlines, of different metrics first, and how many there are beside."""
    firsts = list({finding.metric: finding for finding in reversed(found)}.values())[::-1]
    others = [finding for finding in found if finding not in firsts]
    chosen = (firsts + others)[:NAMED]
    headlines = list(dict.fromkeys(finding.headline for finding in chosen))
    more = len(found) - len(chosen)
    return "; ".join(headlines) + (f"; and {more} more" if more else "")


def served(figures: DayFigures) -> str:
    """Who has lists, from what, and how they do."""
    users = figures.get(("users_served", ""), 0.0)
    if not users:
        return "no recommendations were written"
    popular = figures.get(("popular_share", ""), 0.0)
    text = f"{users:,.0f} users have lists, {1 - popular:.0%} of them from the model"
    ours, theirs = (figures.get((metric, "")) for metric in ("live_ndcg", "live_ndcg_popularity"))
    if ours is None or theirs is None:
        return text
    return f"{text}, live NDCG {figure('live_ndcg', ours)} beside popularity's {figure('live_ndcg', theirs)}"
