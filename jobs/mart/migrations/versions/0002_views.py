"""What an application reads: the published day, whole, by names that do not change."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

VIEWS = {
    "current_publication": (
        "the published day: one row, none before the first publication",
        """
        SELECT date, revision, model_version, users, recommendations, published_at
        FROM publications WHERE date = (SELECT max(date) FROM publications)
        """,
    ),
    "current_champion": (
        "the model in production on the published day, since when, and why; no row while popularity alone serves",
        """
        SELECT model_version, date AS since, step, reason, figures
        FROM decisions
        WHERE decision IN ('promote', 'rollback') AND date <= (SELECT max(date) FROM publications)
        ORDER BY date DESC, step = 'rollback' DESC LIMIT 1
        """,
    ),
    "current_recommendations": (
        "the lists of the published day with names; ask for a user_id, and order by rank",
        """
        SELECT r.user_id, r.rank, r.track_id, t.name, t.artist, t.album, t.genres, t.duration_s, r.score, r.source,
               r.because, r.model_version, r.date
        FROM recommendations r JOIN tracks t USING (track_id)
        WHERE r.date = (SELECT max(date) FROM publications)
        """,
    ),
    "current_reasons": (
        "the heard tracks that each recommendation of the published day stands on, with names; place counts from 1",
        """
        SELECT r.user_id, r.rank, b.place, b.track_id, t.name, t.artist, r.date
        FROM recommendations r
        CROSS JOIN LATERAL unnest(r.because) WITH ORDINALITY AS b (track_id, place)
        JOIN tracks t ON t.track_id = b.track_id
        WHERE r.date = (SELECT max(date) FROM publications)
        """,
    ),
    "current_similar_tracks": (
        "the tracks most like a track by the model of the published day, with names; ask for a track_id, order by rank",
        """
        SELECT s.track_id, s.rank, s.similar_track_id, t.name, t.artist, t.album, t.genres, t.duration_s, s.score,
               s.model_version
        FROM similar_tracks s JOIN tracks t ON t.track_id = s.similar_track_id
        WHERE s.model_version = (
            SELECT model_version FROM publications WHERE date = (SELECT max(date) FROM publications)
        )
        """,
    ),
    "current_popular_tracks": (
        "popular tracks of the published day with names, for people without a list; order by rank",
        """
        SELECT p.rank, p.track_id, t.name, t.artist, t.album, t.genres, t.duration_s, p.plays
        FROM popular_tracks p JOIN tracks t USING (track_id)
        """,
    ),
    "current_evaluations": (
        "the figures measured on the published day",
        "SELECT * FROM evaluations WHERE date = (SELECT max(date) FROM publications)",
    ),
    "listens_with_names": (
        "plays with names; ask for a user_id, order by listened_at DESC, position DESC",
        """
        SELECT l.user_id, l.listened_at, l.position, l.track_id, t.name, t.artist, t.album, t.genres, t.duration_s
        FROM listen_history l JOIN tracks t USING (track_id)
        """,
    ),
}


def upgrade() -> None:
    for name, (comment, query) in VIEWS.items():
        op.execute(f"CREATE VIEW {name} AS {query}")
        op.execute(f"COMMENT ON VIEW {name} IS '{comment}'")
