"""Write the day's list of tracks for every user.

The ``k`` tracks are the champion's, or popular ones where it knows too little of the user."""

import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from conf.command_line import Parser
from conf.contract import LISTENS, TRACKS, USERS
from conf.tables import marker
from jobs.model.pairs import midnight, plays_as_of, weighted
from jobs.model.stored import load
from jobs.recommendation.candidates import Candidates, popularity
from jobs.recommendation.scoring import histories, recommend
from jobs.recommendation.servable import cleaned, served_on
from jobs.runtime.command import Figures, Job, parser, run
from jobs.runtime.progress import progress
from jobs.runtime.session import persisted
from lake.access import Lake
from lake.champion import Champion, champion_before


def main(job: Job) -> Figures:
    settings, serving = job.settings, job.settings.recommend
    people = cleaned(job.lake(), USERS, job.date)["clean"]
    known = cleaned(job.lake(), LISTENS, job.date)["clean"]
    lake = job.frames(job.spark(f"recommend {job.date}", rows=known))
    current = champion_before(lake, job.date + datetime.timedelta(days=1))
    model = load(current.folder, current.version, settings.registry.uri) if current else None
    progress(0.1, f"reading {known:,} plays")
    # Each user's plays in one place from the start: versions, pairs and users are then found without moving them again.
    plays = plays_as_of(lake.read("listens").repartition("user_id"), job.date)
    with persisted(plays):
        tracks = served_on(lake, TRACKS, job.date)
        ranked = popularity(plays, tracks, job.date, serving.popular_days)
        candidates = Candidates.of(ranked.toArrow(), serving.min_genre_tracks)
        pairs = weighted(plays, job.date, model.recipe if model else {})
        users = histories(
            served_on(lake, USERS, job.date),
            pairs,
            hidden(pairs, job.date, serving.exclude_heard_days),
        )
        progress(0.3, f"ranking for {people:,} users")
        lists = recommend(lake.spark, users, model, candidates, serving.k, serving.min_plays, at_most=people)
        lake.replace(
            rows_of(lists, job.date, current),
            "recommendations",
            marker("recommendations", "Recommend", job.date),
            at_most=people * serving.k,
            date=job.date,
        )
    progress(0.95, "counting what was written")
    return {"model_version": current.version if current else "", **written(lake, job.date)}


def rows_of(lists: DataFrame, date: datetime.date, current: Champion | None) -> DataFrame:
    """Rows of ``recommendations``."""
    version = F.when(F.col("source") == "als", current.version if current else "").otherwise("")
    return lists.select(F.lit(date).alias("date"), *lists.columns, version.alias("model_version"))


def hidden(pairs: DataFrame, date: datetime.date, days: int) -> DataFrame:
    """user_id, track_id of what is not recommended again: heard in the last ``days`` days, or ever for 0."""
    return pairs.filter(F.col("last_play") >= midnight(date, 1 - days)) if days else pairs


def written(lake: Lake, date: datetime.date) -> dict:
    """Rows written, and users by the source of their first track."""
    rows = lake.arrow("recommendations", [("date", "=", date)], ["rank"]).num_rows
    firsts = lake.arrow("recommendations", [("date", "=", date), ("rank", "=", 1)], ["source"])
    sources = firsts["source"].to_pylist()
    return {"rows_out": rows, "als": sources.count("als"), "popular": sources.count("popular")}


def arguments() -> Parser:
    return parser(__doc__, "api", "lake", "spark", "recommend", "registry", date="required", step=True)


if __name__ == "__main__":
    run(main, arguments())
