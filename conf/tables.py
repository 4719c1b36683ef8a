"""Every Delta table: columns, key and partitions, declared once for the jobs, the tasks and the docs.

Types are Spark SQL's names; timestamps are UTC.
"""

from conf import contract
from conf.contract import TYPES, Entity
from conf.table import Column, Table
from conf.tables_of_runs import FINDINGS, HEALTH, MAINTENANCE, RUNS

# Of the tables below. A change raises it: a new column of a table is added as null to lakes that exist, anything else gets
# a module in jobs/upkeep/migrations.
SCHEMA = 4


def _snapshot_columns(entity: Entity) -> tuple[Column, ...]:
    """What the contract's fields become, and through which dates a snapshot held the row."""
    return (
        *(Column(field.target, TYPES[field.kind], field.comment) for field in entity.fields),
        Column("first_seen", "date", "first date whose snapshot held it"),
        Column("last_seen", "date", "last date whose snapshot held it"),
    )


TRACKS = Table(
    "tracks",
    "one row per track; attributes of the newest snapshot that held it",
    ("track_id",),
    _snapshot_columns(contract.TRACKS),
)

USERS = Table(
    "users",
    "one row per user; attributes of the newest snapshot that held it",
    ("user_id",),
    _snapshot_columns(contract.USERS),
)

_SPAN = (
    Column("genres", "string", "as that snapshot's clean row had them"),
    Column("served_from", "date", "first date of the span"),
    Column("served_until", "date", "first date after the span; empty where it goes on"),
)

TRACKS_SERVED = Table(
    "tracks_served",
    "one row per track and span of dates: every date cleaned in it had a snapshot with the track, its genres unchanged",
    ("track_id", "served_from"),
    (Column("track_id", "bigint"), *_SPAN),
)

USERS_SERVED = Table(
    "users_served",
    "one row per user and span of dates: every date cleaned in it had a snapshot with the user, the favourite genres unchanged",
    ("user_id", "served_from"),
    (Column("user_id", "bigint"), *_SPAN),
)

LISTENS = Table(
    "listens",
    "one row per play and version of its history row; the version with the latest updated_at holds",
    ("user_id", "listened_at", "updated_at", "position"),
    (
        Column("user_id", "bigint"),
        Column("track_id", "bigint"),
        Column("listened_at", "timestamp", "created_at of the history row, the same for all of its plays"),
        Column("position", "int", "place in the history row, from 0"),
        Column("updated_at", "timestamp"),
        Column("first_seen", "date", "first date whose snapshot held this version"),
    ),
)

QUARANTINE = Table(
    "quarantine",
    "one row per bad row (or play) and date; identical ones are kept as often as they came",
    (),
    (
        Column("date", "date"),
        Column("entity", "string"),
        Column("reasons", "array<string>", "every rule that the row breaks"),
        Column("row", "string", "the row as served, names and e-mail masked; of a play, its own item alone"),
    ),
    ("date", "entity"),
)

ACCOUNTING = Table(
    "accounting",
    "one row per date and entity: fetched = clean + duplicate + quarantined + later + suppressed",
    ("date", "entity"),
    (
        Column("date", "date"),
        Column("entity", "string"),
        Column("revision", "int"),
        Column("snapshot_date", "date", "date whose raw folder was used"),
        Column("fetched_at", "timestamp"),
        Column("rows", "bigint", "rows of the API in the snapshot"),
        Column("fetched", "bigint", "units: rows; of listens, plays (a row with no usable items counts as one)"),
        Column("clean", "bigint"),
        Column("duplicate", "bigint", "repeats, and versions that a later one in the snapshot replaces"),
        Column("quarantined", "bigint"),
        Column("later", "bigint", "dated after the run's date, up to the fetch"),
        Column("suppressed", "bigint", "of users who asked to be forgotten"),
        Column("reasons", "string", "JSON: how many break each rule; one that breaks two counts in both"),
    ),
    ("date", "entity"),
)

RECOMMENDATIONS = Table(
    "recommendations",
    "one row per date, user and rank",
    ("date", "user_id", "rank"),
    (
        Column("date", "date"),
        Column("user_id", "bigint"),
        Column("rank", "int", "from 1"),
        Column("track_id", "bigint"),
        Column("score", "float", "als: preference, about 0 to 1; popular: plays in the last days"),
        Column("source", "string", "als or popular"),
        Column("because", "array<bigint>", "heard tracks that contributed most to the score, most first"),
        Column("model_version", "string", "version in the registry; empty where no model served"),
    ),
    ("date",),
)

SIMILAR_TRACKS = Table(
    "similar_tracks",
    "one row per model, track and rank: the nearest tracks by the cosine of their factors",
    ("model_version", "track_id", "rank"),
    (
        Column("model_version", "string"),
        Column("track_id", "bigint"),
        Column("rank", "int", "from 1"),
        Column("similar_track_id", "bigint"),
        Column("score", "float", "cosine of the two tracks' factors"),
    ),
    ("model_version",),
)

EVALUATIONS = Table(
    "evaluations",
    "one row per date, kind, model, metric and k",
    ("date", "kind", "model", "metric", "k"),
    (
        Column("date", "date"),
        Column("kind", "string", "live or holdout"),
        Column(
            "model",
            "string",
            "als, served, als_known and als_new (users that the model was fitted with, and newer ones), als_unfolded "
            "(als_known, had their plays since the fit not counted), fallback (popularity within favourite genres, for "
            "all), champion (holdout); popularity (for the users of served, or of the holdout), popularity_als, popularity_known, "
            "popularity_new (for those of the others)",
        ),
        Column("model_version", "string", "version in the registry; empty for popularity and for a challenger"),
        Column(
            "metric",
            "string",
            "ndcg, recall, precision, map, hit_rate, mrr, novelty, repeats, coverage; nothing_new_share, "
            "repeat_play_share, unknown_play_share, scorable_users",
        ),
        Column("k", "int", "0 for a figure of no list"),
        Column("value", "double", "mean over users; of coverage and the shares, over all of them together"),
        Column("low", "double", "2.5 % bound of the user-level bootstrap"),
        Column("high", "double", "97.5 % bound"),
        Column("users", "bigint", "users that it is measured on; fewer than [evaluate] min_users decide nothing"),
    ),
    ("date", "kind"),
)

EVALUATION_USERS = Table(
    "evaluation_users",
    "one row per date and user whose list came from the model: what decisions are bootstrapped from",
    ("date", "user_id"),
    (
        Column("date", "date"),
        Column("user_id", "bigint"),
        Column("model_version", "string"),
        Column("als", "double", "live NDCG at [evaluate] k of the list served"),
        Column("popularity", "double", "the same of the popular list for that user"),
    ),
    ("date",),
)

DECISIONS = Table(
    "decisions",
    "one row per date and step",
    ("date", "step"),
    (
        Column("date", "date"),
        Column("step", "string", "retrain, promote or rollback"),
        Column("decision", "string", "train or keep; promote, refuse or none; rollback"),
        Column("reason", "string", "in words, with figures"),
        Column("figures", "string", "JSON"),
        Column("model_version", "string", "version that the decision made or chose"),
        Column("champion_version", "string", "version in production when it was decided"),
    ),
    ("date", "step"),
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        TRACKS,
        USERS,
        TRACKS_SERVED,
        USERS_SERVED,
        LISTENS,
        QUARANTINE,
        ACCOUNTING,
        RECOMMENDATIONS,
        SIMILAR_TRACKS,
        EVALUATIONS,
        EVALUATION_USERS,
        DECISIONS,
        RUNS,
        MAINTENANCE,
        HEALTH,
        FINDINGS,
    )
}


def marker(table: str, task: str, date: object) -> str:
    """The ``txnAppId`` of the commit by which a task finishes its part of a table for a date."""
    return f"{table}/{task}/{date}"
