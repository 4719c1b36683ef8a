"""Decide whether to train, and why.

The answer is a row of ``decisions``, with the reason and its figures. Needs no Spark."""

import datetime
import json

from conf.command_line import Parser
from conf.tables import marker
from jobs.runtime.command import Figures, Job, parser, run
from jobs.training.retrain_rules import Situation, UserDays, decide, forced
from lake.access import Lake
from lake.champion import champion_found, found_by_run

STEP = "retrain"


def main(job: Job) -> Figures:
    lake = job.lake()
    now = situation(lake, job.date, job.settings.evaluate.window_days)
    if job.args.partial:
        decision, reason, figures = "keep", "the day is not over: a partial day decides nothing", {}
    else:
        decided = decide(now, job.settings.retrain, job.settings.evaluate)
        if job.args.force_train:
            decided = forced(decided)
        decision, reason, figures = decided.decision, decided.reason, decided.figures
    row = {
        "date": job.date,
        "step": STEP,
        "decision": decision,
        "reason": reason,
        "figures": json.dumps(figures),
        "model_version": "",
        "champion_version": now.champion_version,
    }
    if lake.revision > 1:
        # What an earlier revision trained and promoted on this date is not in production any more.
        lake.delete("decisions", ("date", "=", job.date), ("step", "=", "promote"))
    lake.replace_rows([row], "decisions", marker("decisions", "DecideRetrain", job.date), date=job.date, step=STEP)
    return {"decision": decision, "reason": reason}


def situation(lake: Lake, date: datetime.date, window_days: int) -> Situation:
    """What was known at the end of ``date``, from the tables."""
    current = champion_found(lake, date)
    version, since = (current.version, current.since) if current else ("", None)
    window = user_days(lake, date - datetime.timedelta(days=window_days - 1), date, version)
    reference = None
    if since and date >= since + datetime.timedelta(days=window_days):
        reference = user_days(
            lake, since + datetime.timedelta(days=1), since + datetime.timedelta(days=window_days), version
        )
    unknown = [("date", "=", date), ("kind", "=", "live"), ("metric", "=", "unknown_play_share")]
    share = lake.rows("evaluations", unknown, ["value", "users"]) or [{"value": None, "users": 0}]
    trained, refusals = trainings(lake, date)
    return Situation(date, version, since, window, reference, share[0]["value"], share[0]["users"], trained, refusals)


def user_days(lake: Lake, first: datetime.date, last: datetime.date, version: str) -> UserDays:
    """Live figures of the champion's own lists on those dates; of those days alone that it served."""
    filters = [("date", ">=", first), ("date", "<=", last), ("model_version", "=", version)]
    found = lake.arrow("evaluation_users", filters, ["date", "user_id", "als", "popularity"])
    found = found.sort_by([("date", "ascending"), ("user_id", "ascending")])
    return UserDays(*(found[name].to_numpy() for name in ("user_id", "als", "popularity")))


def trainings(lake: Lake, date: datetime.date) -> tuple[datetime.date | None, int]:
    """When a challenger was last tested before ``date``, or a rollback made up to it, and the refusals in a row up to then."""
    rows = lake.rows("decisions", [("date", "<=", date)], ["date", "step", "decision"])
    known = [row for row in rows if found_by_run(row, date)]
    tested = sorted(
        (row["date"], row["decision"]) for row in known if row["decision"] in ("promote", "refuse", "rollback")
    )
    refusals = 0
    for _, decision in reversed(tested):
        if decision != "refuse":
            break
        refusals += 1
    return (tested[-1][0] if tested else None), refusals


def arguments() -> Parser:
    result = parser(__doc__, "lake", "evaluate", "retrain", date="required", step=True)
    result.add_argument("--force-train", action="store_true", help="train whatever the rules say")
    result.add_argument("--partial", action="store_true", help="the date is today: decide nothing")
    return result


if __name__ == "__main__":
    run(main, arguments())
