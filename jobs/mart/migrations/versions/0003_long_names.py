"""Names of any length: an index holds the beginning of a name or its hash, since PostgreSQL refuses entries above 2.7 kB."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DROP INDEX IF EXISTS tracks_artist, tracks_name")  # an administrator may have dropped one
    op.execute("CREATE INDEX tracks_artist ON tracks USING hash (artist)")
    op.execute("CREATE INDEX tracks_name ON tracks (lower(left(name, 200)) text_pattern_ops)")
