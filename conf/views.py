"""Views for the usual questions, over the tables of conf/tables.py: name, columns and SQL, declared once.

``make sql`` and the notebook have them by name; docs/how-to/query.md shows each with an answer.
"""

import dataclasses

from conf.current_plays import current_plays
from conf.table import Column
from conf.tables import TABLES


@dataclasses.dataclass(frozen=True)
class View:
    """``sql`` is Spark's; it may name tables, and views that stand before it in :data:`VIEWS`."""

    name: str
    comment: str
    columns: tuple[Column, ...]
    sql: str

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]


LISTENS_CURRENT = View(
    "listens_current",
    "one row per play of the latest version of each history row: what users heard, as it is known now",
    TABLES["listens"].columns,
    current_plays("listens", ", ".join(TABLES["listens"].names)),
)

TODAYS_LISTS = View(
    "todays_lists",
    "the lists of the newest date, with the names of the tracks and of those that led to them",
    (
        Column("date", "date"),
        Column("user_id", "bigint"),
        Column("rank", "int", "from 1"),
        Column("track", "string"),
        Column("artist", "string"),
        Column("score", "float", "als: preference, about 0 to 1; popular: plays in the last days"),
        Column("source", "string", "als or popular"),
        Column("because", "array<string>", "heard tracks that contributed most to the score, most first"),
        Column("track_id", "bigint"),
    ),
    """
    WITH lists AS (
      SELECT * FROM recommendations WHERE date = (SELECT max(date) FROM recommendations)
    ), reasons AS (
      SELECT user_id, rank, transform(array_sort(collect_list(struct(place, name))), r -> r.name) AS because
      FROM (SELECT user_id, rank, posexplode(because) AS (place, heard) FROM lists) JOIN tracks ON track_id = heard
      GROUP BY user_id, rank
    )
    SELECT date, l.user_id, l.rank, name AS track, artist, score, source,
      coalesce(r.because, array()) AS because, l.track_id
    FROM lists l LEFT JOIN tracks t ON l.track_id = t.track_id
    LEFT JOIN reasons r ON l.user_id = r.user_id AND l.rank = r.rank
    """,
)

PLAYS_BY_DAY = View(
    "plays_by_day",
    "one row per day (UTC): plays, who listened, what was heard",
    (
        Column("day", "date"),
        Column("plays", "bigint"),
        Column("listeners", "bigint"),
        Column("tracks", "bigint", "distinct"),
    ),
    """
    SELECT CAST(listened_at AS date) AS day, count(*) AS plays, count(DISTINCT user_id) AS listeners,
      count(DISTINCT track_id) AS tracks
    FROM listens_current GROUP BY CAST(listened_at AS date)
    """,
)

TOP_TRACKS = View(
    "top_tracks",
    "one row per track that was played: how often, by how many, when last",
    (
        Column("track_id", "bigint"),
        Column("track", "string"),
        Column("artist", "string"),
        Column("plays", "bigint"),
        Column("listeners", "bigint"),
        Column("last_played", "timestamp"),
    ),
    """
    SELECT p.track_id, name AS track, artist, plays, listeners, last_played FROM (
      SELECT track_id, count(*) AS plays, count(DISTINCT user_id) AS listeners, max(listened_at) AS last_played
      FROM listens_current GROUP BY track_id
    ) p LEFT JOIN tracks t ON p.track_id = t.track_id
    """,
)

ACCOUNTING_BY_DAY = View(
    "accounting_by_day",
    "one row per date and entity: where everything that was fetched went",
    (
        Column("date", "date"),
        Column("entity", "string"),
        Column("fetched", "bigint", "units: rows; of listen_history, plays"),
        Column("clean", "bigint"),
        Column("duplicate", "bigint"),
        Column("quarantined", "bigint"),
        Column("later", "bigint"),
        Column("suppressed", "bigint"),
        Column("quarantined_percent", "double", "of what was fetched"),
        Column("lost", "bigint", "fetched, and in none of the columns: 0"),
    ),
    """
    SELECT date, entity, fetched, clean, duplicate, quarantined, later, suppressed,
      round(100 * quarantined / nullif(CAST(fetched AS double), 0), 2) AS quarantined_percent,
      fetched - clean - duplicate - quarantined - later - suppressed AS lost
    FROM accounting
    """,
)

QUARANTINE_BY_REASON = View(
    "quarantine_by_reason",
    "one row per date, entity and rule: rows that break it; one that breaks two counts in both",
    (
        Column("date", "date"),
        Column("entity", "string"),
        Column("reason", "string"),
        Column("rows", "bigint"),
        Column("example", "string", "one of the rows, as JSON text, names and e-mail masked"),
    ),
    """
    SELECT date, entity, reason, count(*) AS rows, min(row) AS example
    FROM (SELECT date, entity, explode(reasons) AS reason, row FROM quarantine) GROUP BY date, entity, reason
    """,
)

LIVE_BY_DAY = View(
    "live_by_day",
    "one row per date, model and k: live NDCG of the model's lists, beside popularity's for the same users",
    (
        Column("date", "date"),
        Column("model_version", "string"),
        Column("k", "int"),
        Column("ndcg", "double"),
        Column("low", "double", "2.5 % bound of the user-level bootstrap"),
        Column("high", "double", "97.5 % bound"),
        Column("popularity", "double", "NDCG of the popular list, for the same users"),
        Column("users", "bigint"),
    ),
    """
    SELECT m.date, m.model_version, m.k, m.value AS ndcg, m.low, m.high, p.value AS popularity, m.users
    FROM evaluations m LEFT JOIN evaluations p ON m.date = p.date AND m.k = p.k AND p.kind = 'live'
      AND p.metric = 'ndcg' AND p.model = 'popularity_als'
    WHERE m.kind = 'live' AND m.metric = 'ndcg' AND m.model = 'als'
    """,
)

MODEL_HISTORY = View(
    "model_history",
    "one row per model put into production, and how its lists did while it served",
    (
        Column("date", "date", "of the decision"),
        Column("step", "string", "promote or rollback"),
        Column("model_version", "string"),
        Column("replaced", "string", "version in production before; empty where there was none"),
        Column("days", "bigint", "dates whose lists of this version were held against plays"),
        Column("live_ndcg", "double", "mean over the users of all of the version's days, at [evaluate] k"),
        Column("live_popularity", "double", "the same of the popular lists for these users"),
        Column("reason", "string"),
    ),
    """
    SELECT d.date, d.step, d.model_version, d.champion_version AS replaced, coalesce(l.days, 0) AS days,
      l.ndcg AS live_ndcg, l.popularity AS live_popularity, d.reason
    FROM decisions d LEFT JOIN (
      SELECT model_version, count(DISTINCT date) AS days, avg(als) AS ndcg, avg(popularity) AS popularity
      FROM evaluation_users GROUP BY model_version
    ) l ON d.model_version = l.model_version
    WHERE d.decision IN ('promote', 'rollback')
    """,
)

COVERAGE_BY_DAY = View(
    "coverage_by_day",
    "one row per date of lists: how many users got one, from where, and how much of the catalogue they show",
    (
        Column("date", "date"),
        Column("listeners", "bigint"),
        Column("from_model", "bigint", "listeners whose list begins with a track from the model"),
        Column("tracks", "bigint", "distinct tracks recommended"),
        Column("catalogue", "bigint", "tracks known by then"),
        Column("coverage_percent", "double"),
    ),
    """
    SELECT r.*, round(100 * tracks / nullif(CAST(catalogue AS double), 0), 2) AS coverage_percent FROM (
      SELECT date, count(DISTINCT user_id) AS listeners, count_if(rank = 1 AND source = 'als') AS from_model,
        count(DISTINCT r.track_id) AS tracks, max(known) AS catalogue
      FROM recommendations r JOIN (
        SELECT day, count(t.track_id) AS known FROM (SELECT DISTINCT date AS day FROM recommendations) days
        LEFT JOIN tracks t ON t.first_seen <= day GROUP BY day
      ) ON date = day GROUP BY date
    ) r
    """,
)

VIEWS: dict[str, View] = {
    view.name: view
    for view in (
        LISTENS_CURRENT,
        TODAYS_LISTS,
        PLAYS_BY_DAY,
        TOP_TRACKS,
        ACCOUNTING_BY_DAY,
        QUARANTINE_BY_REASON,
        LIVE_BY_DAY,
        MODEL_HISTORY,
        COVERAGE_BY_DAY,
    )
}
