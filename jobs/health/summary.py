"""Print a day: rows, figures, decisions, some lists, files."""

import shlex

from conf.advice import typed
from conf.checkout import IS_CHECKOUT, ROOT
from conf.command_line import Parser
from conf.settings import EvaluateSettings
from jobs.health.comparisons import OF_LISTS, Comparison, between, comparisons, shares, shown
from jobs.health.overview import Overview, overview, refuse_before_first
from jobs.runtime.command import Job, ask, parser
from lake.layout import report_file, table_folder
from lake.storage import absolute

DEMO = (ROOT / "data" / "demo" / "lake").absolute()  # the lake of make sql where ROOT names no other


def text(seen: Overview, root: str, evaluate: EvaluateSettings) -> str:
    """The date as lines of text."""
    parts = [
        f"{seen.date}" + (" (partial: the day is not over)" if seen.partial else ""),
        *_data(seen),
        *_model(seen, evaluate),
    ]
    parts += [*_decisions(seen), *_listeners(seen), *_places(seen, root)]
    return "\n".join(parts)


def _data(seen: Overview) -> list[str]:
    lines = ["", f"  {'':<16}{'rows':>10}{'fetched':>10}{'clean':>10}{'duplicate':>11}{'quarantined':>13}{'later':>8}"]
    for row in seen.accounting:
        lines.append(
            f"  {row['entity']:<16}{row['rows']:>10,}{row['fetched']:>10,}{row['clean']:>10,}"
            f"{row['duplicate']:>11,}{row['quarantined']:>13,}{row['later']:>8,}"
        )
    return lines


def _model(seen: Overview, evaluate: EvaluateSettings) -> list[str]:
    lines = [""]
    for kind, rows in (("live", seen.live), ("holdout", seen.holdout)):
        found = comparisons(rows, kind, evaluate.k, evaluate.min_users)
        if kind == "live" and not found:
            lines.append(f"  live     no figures: {seen.no_live}")
        lines += [_comparison(kind, each, evaluate.k) for each in found.values()]
        if "als" in found:
            lines.append(f"  {'':<9}{'lists':<32}{_of_lists(found['als'], evaluate.k)}")
    return lines + [f"  {'plays':<9}{shown(row)} {text}" for row, text in shares(seen.live)]


def _comparison(kind: str, found: Comparison, k: int) -> str:
    """NDCG with its interval, beside popularity's."""
    ours, theirs = (_value(side["ndcg"]) if side else "no figure" for side in (found.ours, found.theirs))
    users = found.few or f"{found.users:,} users"
    return f"  {kind:<9}{found.name:<32}NDCG@{k} {ours}, popularity {theirs}; {users}"


def _value(row: dict) -> str:
    return f"{shown(row)} ({between(row)})"


def _of_lists(found: Comparison, k: int) -> str:
    """What the lists are like, beside popularity's."""
    return ", ".join(
        f"{metric}@{k} {shown(found.ours[metric])}"
        + (f" (popularity {shown(found.theirs[metric])})" if metric in found.theirs else "")
        for metric in OF_LISTS
        if metric in found.ours
    )


def _decisions(seen: Overview) -> list[str]:
    lines = ["", *[f"  {row['step']:<9}{row['decision']:<9}{row['reason']}" for row in seen.decisions]]
    if seen.champion_since and seen.champion_since < seen.date:
        lines.append(f"  champion model {seen.champion_version}  since {seen.champion_since}: {seen.champion_reason}")
    return lines


def _listeners(seen: Overview) -> list[str]:
    lines = []
    for listener in seen.listeners:
        lines += ["", f"  listener {listener.user_id}", f"    lately:      {_tracks(listener.lately)}"]
        lines.append(f"    recommended: {_tracks(listener.recommended)}  (from {listener.source})")
    return lines


def _tracks(tracks: list[tuple[str, str]]) -> str:
    return "; ".join(f"{name} - {artist}" if artist else name for name, artist in tracks[:3]) or "nothing"


def _places(seen: Overview, root: str) -> list[str]:
    folder = table_folder(root, "recommendations").absolute()
    return [
        "",
        f"  report   {report_file(root, seen.date, seen.partial).absolute()}",
        f"  tables   {absolute(root)} ({folder.name}, evaluations, decisions, …)",
        "",
        *_queries(seen, root),
        "",
        typed(f"  next:    make sql{_where(root)}, make status{_where(root)}"),
        f"           .venv/bin/python -m jobs summary --date {seen.date} --lake-root {shlex.quote(root)}",
        "           .venv/bin/luigi --module tasks.daily DailyPipeline --help",
    ]


def _queries(seen: Overview, root: str) -> list[str]:
    """Three questions to ask of the lake, as a person would type them."""
    whose = f" WHERE user_id = {seen.listeners[0].user_id}" if seen.listeners else ""
    queries = [
        f"SELECT rank, track, artist, because FROM todays_lists{whose} ORDER BY user_id, rank LIMIT 10",  # noqa: S608 - text to read
        "SELECT * FROM plays_by_day ORDER BY day DESC LIMIT 7",
        f"SELECT entity, reason, rows FROM quarantine_by_reason WHERE date = '{seen.date}' ORDER BY rows DESC LIMIT 10",  # noqa: S608 - the same
    ]
    commands = [typed(f'make sql Q="{query}"{_where(root)}') for query in queries]
    return [f"  {'try:' if place == 0 else '':<8} {command}" for place, command in enumerate(commands)]


def _where(root: str) -> str:
    """Make's targets look at the demo's lake where they are not told of another."""
    folder = absolute(root)
    return "" if IS_CHECKOUT and folder == str(DEMO) else f" ROOT={shlex.quote(folder)}"


def show(job: Job) -> None:
    evaluate = job.settings.evaluate
    lake = job.lake()
    refuse_before_first(lake, job.date)
    print(text(overview(lake, job.date, evaluate.k), job.settings.lake.root, evaluate))


def arguments() -> Parser:
    return parser(__doc__, "lake", "evaluate", date="yesterday")


if __name__ == "__main__":
    ask(show, arguments())
