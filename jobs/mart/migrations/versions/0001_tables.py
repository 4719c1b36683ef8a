"""The tables, their keys and indexes.

``recommendations`` and ``similar_tracks`` are lists by partition: a day, or a model, is loaded beside them and attached.
A person's rows go with the person (ON DELETE CASCADE); a track that somebody's rows name stays.
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE tracks (
    track_id bigint PRIMARY KEY,
    name text NOT NULL,
    artist text NOT NULL,
    songwriters text,
    album text,
    genres text,
    duration_s integer,
    first_seen date NOT NULL,
    available boolean NOT NULL
);
CREATE TABLE users (
    user_id bigint PRIMARY KEY,
    first_seen date NOT NULL,
    available boolean NOT NULL
);
CREATE TABLE listen_history (
    user_id bigint NOT NULL,
    listened_at timestamptz NOT NULL,
    position integer NOT NULL,
    track_id bigint NOT NULL,
    updated_at timestamptz NOT NULL,
    first_seen date NOT NULL,
    CONSTRAINT listen_history_pkey PRIMARY KEY (user_id, listened_at, position),
    CONSTRAINT listen_history_user_id_fkey FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE,
    CONSTRAINT listen_history_track_id_fkey FOREIGN KEY (track_id) REFERENCES tracks
);
CREATE TABLE recommendations (
    date date NOT NULL,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    rank integer NOT NULL,
    track_id bigint NOT NULL REFERENCES tracks,
    score real NOT NULL,
    source text NOT NULL,
    because bigint[] NOT NULL,
    model_version text NOT NULL,
    PRIMARY KEY (user_id, date, rank)
) PARTITION BY LIST (date);
CREATE TABLE similar_tracks (
    model_version text NOT NULL,
    track_id bigint NOT NULL REFERENCES tracks,
    rank integer NOT NULL,
    similar_track_id bigint NOT NULL REFERENCES tracks,
    score real NOT NULL,
    PRIMARY KEY (track_id, model_version, rank)
) PARTITION BY LIST (model_version);
CREATE TABLE popular_tracks (
    rank integer PRIMARY KEY,
    track_id bigint NOT NULL UNIQUE REFERENCES tracks,
    plays bigint NOT NULL
);
CREATE TABLE evaluations (
    date date NOT NULL,
    kind text NOT NULL,
    model text NOT NULL,
    metric text NOT NULL,
    k integer NOT NULL,
    model_version text,
    value double precision,
    low double precision,
    high double precision,
    users bigint,
    PRIMARY KEY (date, kind, model, metric, k)
);
CREATE TABLE decisions (
    date date NOT NULL,
    step text NOT NULL,
    decision text NOT NULL,
    reason text,
    figures jsonb,
    model_version text,
    champion_version text,
    PRIMARY KEY (date, step)
);
CREATE TABLE publications (
    date date PRIMARY KEY,
    revision integer NOT NULL,
    model_version text NOT NULL,
    users bigint NOT NULL,
    recommendations bigint NOT NULL,
    listed boolean NOT NULL,
    published_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE history_days (
    date date PRIMARY KEY,
    revision integer NOT NULL,
    plays bigint NOT NULL
)
"""

INDEXES = """
CREATE INDEX tracks_artist ON tracks (artist, name);
CREATE INDEX tracks_name ON tracks (lower(name) text_pattern_ops);
CREATE INDEX listen_history_track ON listen_history (track_id);
CREATE INDEX listen_history_listened_at ON listen_history USING brin (listened_at)
"""

COMMENTS = {
    "tracks": (
        "one row per track; attributes of the newest snapshot that held it",
        {
            "track_id": "id in the API",
            "name": "title; other tracks may have the same",
            "artist": "as the API spells it",
            "songwriters": "comma text",
            "album": "as the API spells it",
            "genres": "comma text, the main one first",
            "duration_s": "seconds",
            "first_seen": "first date whose snapshot held it",
            "available": "whether the newest published snapshot held it",
        },
    ),
    "users": (
        "one row per user, without names and e-mail: personal data stay in the lake",
        {
            "user_id": "id in the API",
            "first_seen": "first date whose snapshot held the user",
            "available": "whether the newest published snapshot held the user",
        },
    ),
    "listen_history": (
        "one row per play: of each row of the API's history, what its latest version holds",
        {
            "user_id": "who listened",
            "listened_at": "created_at of the history row, the same for all of its plays",
            "position": "place in the history row, from 0",
            "track_id": "what was played",
            "updated_at": "version of the history row",
            "first_seen": "first date whose snapshot held this version",
        },
    ),
    "recommendations": (
        "one row per date, user and rank; a partition per date. Of a date not in publications: on its way in or out",
        {
            "date": "the day whose end the lists are of",
            "user_id": "whom the list is for",
            "rank": "from 1",
            "track_id": "what is recommended",
            "score": "als: preference, about 0 to 1; popular: plays in the last days",
            "source": "als or popular",
            "because": "heard tracks that contributed most to the score, most first",
            "model_version": "version in the registry; empty where no model served",
        },
    ),
    "similar_tracks": (
        "one row per model, track and rank: the nearest tracks by the cosine of their factors; a partition per model",
        {
            "model_version": "version in the registry",
            "track_id": "the track that others are like",
            "rank": "from 1",
            "similar_track_id": "the track that is like it",
            "score": "cosine of the two tracks' factors",
        },
    ),
    "popular_tracks": (
        "the available tracks played most in the last [recommend] popular_days up to the published day: for people without a list",
        {"rank": "from 1", "track_id": "what was played", "plays": "how often, in those days"},
    ),
    "evaluations": (
        "one row per date, kind, model, metric and k",
        {
            "date": "the day measured",
            "kind": "live or holdout",
            "model": "what is measured: als, served, popularity and others, as docs/architecture.md says",
            "metric": "ndcg, recall, coverage and others",
            "k": "length of list; 0 for a figure of no list",
            "model_version": "version in the registry; empty for popularity and for a challenger",
            "value": "mean over users; of coverage and the shares, over all of them together",
            "low": "2.5 % bound of the user-level bootstrap",
            "high": "97.5 % bound",
            "users": "users that it is measured on",
        },
    ),
    "decisions": (
        "one row per date and step: which model serves, and why",
        {
            "date": "the day decided on",
            "step": "retrain, promote or rollback",
            "decision": "train or keep; promote, refuse or none; rollback",
            "reason": "in words, with figures",
            "figures": "the same for programs",
            "model_version": "version that the decision made or chose",
            "champion_version": "version in production when it was decided",
        },
    ),
    "publications": (
        "one row per published date; the greatest is the one that applications show",
        {
            "date": "the published day",
            "revision": "of the day's run; 0 while the day is not over",
            "model_version": "the model in production, by decisions; empty for none",
            "users": "users with a list",
            "recommendations": "rows of its lists",
            "listed": "whether its lists are kept: they go after [postgres] keep_days",
            "published_at": "when it became visible",
        },
    ),
    "history_days": (
        "which days' new plays listen_history has taken in; the publisher's own book",
        {
            "date": "first_seen of the plays",
            "revision": "of the day's run",
            "plays": "plays taken in, those included that a later version replaced since",
        },
    ),
}


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(INDEXES)
    for table, (comment, columns) in COMMENTS.items():
        op.execute(f"COMMENT ON TABLE {table} IS {quoted(comment)}")
        for column, meaning in columns.items():
            op.execute(f"COMMENT ON COLUMN {table}.{column} IS {quoted(meaning)}")


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
