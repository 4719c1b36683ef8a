"""Print a date for a person: rows, figures beside popularity, decisions, some lists, and where things lie."""

import pathlib
import shlex

from conf.layout import report_file, table_folder
from jobs.cli import Job, parser, settle
from jobs.overview import Overview, ndcg, overview


def text(seen: Overview, root: str, k: int) -> str:
    """The date as lines of text."""
    parts = [
        f"{seen.date}" + (" (partial: the day is not over)" if seen.partial else ""),
        *_data(seen),
        *_model(seen, k),
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


def _model(seen: Overview, k: int) -> list[str]:
    lines = [""]
    for kind, rows in (("live", ndcg(seen.live, k)), ("holdout", ndcg(seen.holdout, k))):
        for model, row in rows.items():
            interval = f"{row['low']:.4f} to {row['high']:.4f}"
            lines.append(f"  {kind:<9}{model:<16} NDCG@{k} {row['value']:.4f}  ({interval}, {row['users']:,} users)")
    if not seen.live:
        lines.append("  live     no figures: there were no lists of the day before")
    return lines


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
        f"  tables   {pathlib.Path(root).absolute()} ({folder.name}, evaluations, decisions, …)",
        "",
        "  next:    make status",
        f"           .venv/bin/python -m jobs summary --date {seen.date} --lake-root {shlex.quote(root)}",
        "           .venv/bin/luigi --module tasks.daily DailyPipeline --help",
    ]


def show(job: Job) -> None:
    k = job.settings.evaluate.k
    print(text(overview(job.lake(), job.date, k), job.settings.lake.root, k))


if __name__ == "__main__":
    show(settle(parser(__doc__ or "", "lake", "evaluate")))
