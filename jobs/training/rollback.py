"""Restore the previous model, or a named version.

Needs no Spark.

python -m jobs rollback [--date YYYY-MM-DD] [--to VERSION] [--because TEXT] [--lake-root data/lake]

``--date``, today as a rule, is the first day whose recommendations the model makes; lists that are written
stay. The row in ``decisions`` is what the pipeline obeys, and the aliases in the registry are moved with it.
"""

import itertools
import json
from typing import Any

from conf.command_line import Parser
from conf.errors import Refused
from conf.tables import marker
from jobs.model import registry_access
from jobs.model.stored import load
from jobs.registry.aliases import followed
from jobs.registry.live_figures import mean_live
from jobs.runtime.command import Figures, Job, parser, run
from lake.access import Lake
from lake.champion import line, moves
from lake.layout import model_folder

STEP = "rollback"


def main(job: Job) -> Figures:
    lake, uri = job.lake(), job.settings.registry.uri
    decisions = lake.rows("decisions")
    current, target = choose(decisions, job.date, job.args.to)
    unreachable = registry_access.reachable(uri)
    load(model_folder(lake.root, target), target, "" if unreachable else uri)
    row = {
        "date": job.date,
        "step": STEP,
        "decision": STEP,
        "reason": f"by hand, from model {current} to model {target}" + f": {job.args.because}" * bool(job.args.because),
        "figures": json.dumps(figures(lake, job, current, target)),
        "model_version": target,
        "champion_version": current,
    }
    # The aliases first: killed between, the table has the champion of before, and the same command goes on.
    unreachable = unreachable or followed(uri, lake, row)
    write(lake, row)
    print(f"model {target} is in production in place of model {current}, from the recommendations of {job.date} on")
    if unreachable:
        print(f"the aliases were not moved: {unreachable}; when it can be, run python -m jobs models --repair")
    return {"reason": row["reason"], "model_version": target}


def choose(decisions: list[dict[str, Any]], date: Any, wanted: str) -> tuple[str, str]:
    """The version in production, and the one that takes its place.

    Raises:
        Refused: there is none to take its place, or a later decision would stand above this one.
    """
    made, versions = moves(decisions), line(decisions)
    if not made:
        raise Refused("no model has been promoted, so there is none to put back; popular tracks are served")
    if made[-1]["date"] > date:
        last = made[-1]
        raise Refused(
            f"--date: found {date}, but the {last['decision']} of {last['date']} is later and would stand; "
            f"give {last['date']} or a later date"
        )
    current = versions[-1]
    if wanted == current:
        raise Refused(f"model {wanted} is in production already")
    if wanted:
        return current, wanted
    if len(versions) < 2:
        raise Refused(f"model {current} has none before it; name a version: make rollback VERSION=…, see make models")
    return current, versions[-2]


def figures(lake: Lake, job: Job, current: str, target: str) -> dict[str, Any]:
    """Live NDCG of both, where they have served."""
    rows = lake.rows("evaluations", [("kind", "=", "live"), ("metric", "=", "ndcg")])
    live = mean_live(rows, job.settings.evaluate.k)
    return {"from": live.get(current), "to": live.get(target)}


def write(lake: Lake, row: dict[str, Any]) -> None:
    """A date may be rolled back again: its marker says for the how many-th time."""
    name = marker("decisions", "Rollback", row["date"])
    markers = (f"{name}/{number}" for number in itertools.count(1))
    lake.replace_rows(
        [row], "decisions", next(m for m in markers if not lake.committed(m)), date=row["date"], step=STEP
    )


def arguments() -> Parser:
    result = parser(__doc__, "lake", "evaluate", "registry", date="today")
    result.add_argument("--to", default="", metavar="VERSION", help="the version (default: the previous one)")
    result.add_argument("--because", default="", metavar="TEXT", help="a reason, kept with the decision")
    return result


if __name__ == "__main__":
    run(main, arguments())
