"""Write ``k`` tracks for every user of the day's snapshot: the champion's, or popular ones where it knows too little."""

import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from conf.contract import TRACKS, USERS
from conf.tables import marker
from jobs.catalogue import ids_on
from jobs.champion import Champion, champion
from jobs.cli import Figures, Job, parser, run
from jobs.history import interactions, midnight, plays_as_of
from jobs.lake import Lake
from jobs.popularity import popular_tracks, popularity
from jobs.scoring import Shelf, histories, recommend
from jobs.session import persisted


def main(job: Job) -> Figures:
    settings, serving = job.settings, job.settings.recommend
    lake = job.lake(job.spark(f"recommend {job.date}"))
    current = champion(lake, job.date + datetime.timedelta(days=1))
    plays = plays_as_of(lake.read("listens"), job.date)
    with persisted(plays):
        tracks = ids_on(lake, TRACKS, job.date, settings.api.timezone)
        shelf = Shelf(*popular_tracks(popularity(plays, tracks, job.date, serving.popular_days)))
        pairs = interactions(plays)
        users = histories(
            ids_on(lake, USERS, job.date, settings.api.timezone),
            pairs,
            hidden(pairs, job.date, serving.exclude_heard_days),
        )
        with persisted(users):
            lists = recommend(
                lake.spark,
                users,
                current.load(settings.registry.uri) if current else None,
                shelf,
                serving.k,
                serving.min_plays,
            )
            lake.replace(
                rows_of(lists, job.date, current),
                "recommendations",
                marker("recommendations", "Recommend", job.date),
                at_most=users.count() * serving.k,
                date=job.date,
            )
    return {"model_version": current.version if current else "", **written(lake, job.date)}


def rows_of(lists: DataFrame, date: datetime.date, current: Champion | None) -> DataFrame:
    """Rows of ``recommendations``, a user's together."""
    version = F.when(F.col("source") == "als", current.version if current else "").otherwise("")
    rows = lists.select(F.lit(date).alias("date"), *lists.columns, version.alias("model_version"))
    return rows.sortWithinPartitions("user_id", "rank")


def hidden(pairs: DataFrame, date: datetime.date, days: int) -> DataFrame:
    """user_id, track_id of what is not recommended again: heard in the last ``days`` days, or ever for 0."""
    return pairs.filter(F.col("last_play") >= midnight(date, 1 - days)) if days else pairs


def written(lake: Lake, date: datetime.date) -> dict:
    """Rows written, and users by the source of their first track."""
    firsts = lake.arrow("recommendations", [("date", "=", date)], ["rank", "source"])
    sources = [
        source
        for rank, source in zip(*(firsts[name].to_pylist() for name in ("rank", "source")), strict=True)
        if rank == 1
    ]
    return {"rows_out": firsts.num_rows, "als": sources.count("als"), "popular": sources.count("popular")}


if __name__ == "__main__":
    run(main, parser(__doc__ or "", "api", "lake", "spark", "recommend", "registry"))
