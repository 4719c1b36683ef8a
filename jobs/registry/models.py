"""List the versions of the model.

Each has its figures, its aliases, and whether the lake's copy of it is whole.

python -m jobs models [--json] [--repair] [--lake-root data/lake]

Where the aliases and ``decisions`` disagree, the table is what the pipeline obeys; ``--repair`` moves the aliases
to it, and fetches the copies of champion and previous again where they are not whole.
"""

import contextlib
import dataclasses
import json
import zipfile
from collections.abc import Mapping
from typing import Any

from conf.command_line import Parser
from jobs.model import registry_access
from jobs.model.registry_access import BROKEN, RegistryFailed
from jobs.model.stored import load
from jobs.registry import versions
from jobs.registry.aliases import follow
from jobs.registry.live_figures import mean_live, record_live
from jobs.runtime.command import Job, ask, parser
from lake import files
from lake.access import Lake
from lake.champion import moves, named
from lake.layout import model_folder


@dataclasses.dataclass(frozen=True)
class Version:
    """One version. Figures that are not known are None; ``aliases`` are the registry's, ``roles`` the table's."""

    version: str
    date: str
    rank: str
    holdout_ndcg: float | None
    holdout_popularity: float | None
    live_ndcg: float | None
    live_popularity: float | None
    live_days: int
    aliases: list[str]
    roles: list[str]
    registered: bool
    copy: str  # in the lake: whole, broken or missing


@dataclasses.dataclass(frozen=True)
class VersionListing:
    versions: list[Version]
    mismatches: list[str]
    unreachable: str  # why the registry says nothing: aliases are not known then


def listing(lake: Lake, uri: str, k: int) -> VersionListing:
    """All versions that the registry or the table knows, newest first."""
    decisions = lake.rows("decisions")
    live = mean_live(lake.rows("evaluations", [("kind", "=", "live"), ("metric", "=", "ndcg")]), k)
    unreachable = registry_access.reachable(uri)
    if not unreachable and not registry_access.begun(uri):
        shown = registry_access.without_credentials(uri)
        unreachable = f"nothing is registered at {shown}: [registry] uri may be that of another lake"
    tags, aliases = dict[str, dict[str, str]](), dict[str, str]()
    if not unreachable:
        try:
            tags, aliases = registered(uri)
        except RegistryFailed as failure:
            unreachable = failure.message
    roles = {role: version for role, version in named(decisions).items() if version}
    made = {move["model_version"]: move for move in moves(decisions) if move["decision"] == "promote"}
    known = sorted({*tags, *made, *roles.values()}, key=int, reverse=True)
    versions = [
        describe(lake, version, tags.get(version), made.get(version, {}), live.get(version, {}), aliases, roles)
        for version in known
    ]
    return VersionListing(versions, [] if unreachable else disagreements(roles, aliases, versions), unreachable)


def registered(uri: str) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """The registry's versions with their tags, and the version of each alias."""
    with registry_access.connected(uri) as client:
        return {str(found.version): found.tags for found in versions.newest_first(client)}, versions.aliases(client)


def describe(
    lake: Lake,
    version: str,
    tags: Mapping[str, str] | None,
    promotion: Mapping[str, Any],
    live: Mapping[str, Any],
    aliases: Mapping[str, str],
    roles: Mapping[str, str],
) -> Version:
    figures = json.loads(promotion.get("figures") or "{}")
    said = tags or {}
    return Version(
        version,
        said.get("date") or str(promotion.get("date", "")),
        said.get("rank", ""),
        figures.get("challenger") or _number(said.get("holdout_ndcg")),
        figures.get("popularity") or _number(said.get("holdout_popularity")),
        live.get("ndcg"),
        live.get("popularity"),
        live.get("days", 0),
        [alias for alias, of in aliases.items() if of == version],
        [role for role, of in roles.items() if of == version],
        tags is not None,
        state(lake, version),
    )


def _number(text: str | None) -> float | None:
    """None also where a tag was edited by hand into something else."""
    try:
        return float(text or "")
    except ValueError:
        return None


def state(lake: Lake, version: str) -> str:
    """``whole``, ``broken`` or ``missing``: the copy's arrays are there; loading it checks every byte as well."""
    folder = model_folder(lake.root, version)
    if not folder.exists():
        return "missing"
    try:
        with (folder / "factors.npz").open("rb") as stored, zipfile.ZipFile(stored) as file:
            names = set(file.namelist())
        json.loads(files.read(folder / "recipe.json"))
    except BROKEN:
        return "broken"
    wanted = {f"{name}.npy" for name in ("track_ids", "track_factors", "user_ids", "user_factors")}
    return "whole" if names >= wanted else "broken"


def disagreements(roles: Mapping[str, str], aliases: Mapping[str, str], versions: list[Version]) -> list[str]:
    """What is not as ``decisions`` has it, a line each."""
    there = {version.version for version in versions if version.registered}
    found = [
        f"the alias {alias} names {_model(aliases.get(alias))}, decisions name {_model(roles.get(alias))}"
        for alias in ("champion", "previous")
        if aliases.get(alias) != roles.get(alias) and not (alias not in aliases and roles.get(alias) not in there)
    ]
    found += [
        f"model {of.version}, the {role}, is not in the registry"
        for of in versions
        for role in of.roles
        if not of.registered
    ]
    return found + [
        f"model {of.version}, the {role}: the lake's copy is {of.copy}"
        for of in versions
        for role in of.roles
        if of.copy != "whole"
    ]


def _model(version: str | None) -> str:
    return f"model {version}" if version else "none"


def repair(lake: Lake, uri: str) -> None:
    """Let the aliases name what the table does, and make the copies of both whole."""
    follow(uri, lake)
    for version in filter(None, named(lake.rows("decisions")).values()):
        load(model_folder(lake.root, version), version, uri)


def text(found: VersionListing, root: str, k: int) -> str:
    said = [found.unreachable] if found.unreachable else [f"MISMATCH: {line}" for line in found.mismatches]
    if found.mismatches:
        said.append("python -m jobs models --repair lets aliases and copies follow the table")
    if not found.versions:
        return "\n".join([f"no model has been registered for {root} yet", *said])
    head = ("version", "date", "rank", f"holdout NDCG@{k}", "popularity", "live", "popularity", "days", "copy", "alias")
    rows = [head, *map(_cells, found.versions)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([*lines, *said])


def _cells(of: Version) -> tuple[str, ...]:
    def shown(value: float | None) -> str:
        return "" if value is None else f"{value:.4f}"

    figures = map(shown, (of.holdout_ndcg, of.holdout_popularity, of.live_ndcg, of.live_popularity))
    days = str(of.live_days or "")
    return (of.version, of.date, of.rank, *figures, days, of.copy, ", ".join(sorted(of.aliases)))


def show(job: Job) -> None:
    lake, uri, k = job.lake(), job.settings.registry.uri, job.settings.evaluate.k
    if job.args.repair:
        repair(lake, uri)
    if not registry_access.reachable(uri) and registry_access.begun(uri):
        with contextlib.suppress(RegistryFailed):  # the listing says why
            record_live(uri, lake.rows("evaluations", [("kind", "=", "live")]))
    found = listing(lake, uri, k)
    if job.args.json:
        print(json.dumps(dataclasses.asdict(found), indent=2))
    else:
        print(text(found, lake.root, k))


def arguments() -> Parser:
    result = parser(__doc__, "lake", "evaluate", "registry")
    result.add_argument("--json", action="store_true", help="print as JSON")
    result.add_argument("--repair", action="store_true", help="let aliases and copies agree with decisions")
    return result


if __name__ == "__main__":
    ask(show, arguments())
