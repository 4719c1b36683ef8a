"""What the migrations made, as a publication needs it: tables, columns, keys and views that nobody has changed by hand."""

import psycopg

from conf.errors import Refused
from jobs.mart.connection import ANEW

TABLES = {
    "tracks": "track_id name artist songwriters album genres duration_s first_seen available",
    "users": "user_id first_seen available",
    "listen_history": "user_id listened_at position track_id updated_at first_seen",
    "recommendations": "date user_id rank track_id score source because model_version",
    "similar_tracks": "model_version track_id rank similar_track_id score",
    "popular_tracks": "rank track_id plays",
    "evaluations": "date kind model metric k model_version value low high users",
    "decisions": "date step decision reason figures model_version champion_version",
    "publications": "date revision model_version users recommendations listed published_at",
    "history_days": "date revision plays",
}
VIEWS = (
    "current_publication",
    "current_recommendations",
    "current_reasons",
    "current_similar_tracks",
    "current_popular_tracks",
    "current_evaluations",
    "current_champion",
    "listens_with_names",
)
FOUND = """
    SELECT c.relname, array_agg(a.attname::text), pg_has_role(c.relowner, 'USAGE'), pg_get_userbyid(c.relowner),
        c.relkind = 'v' OR EXISTS (SELECT FROM pg_index WHERE indrelid = c.oid AND indisprimary)
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY(%s)
        AND c.relkind = ANY(CASE WHEN c.relname = ANY(%s) THEN '{v}' ELSE '{r,p}' END::"char"[])
    GROUP BY c.oid
"""


def require_unchanged(connection: psycopg.Connection) -> None:
    """
    Raises:
        Refused: something is missing, or is not the publisher's own.
    """
    found = {row[0]: row[1:] for row in connection.execute(FOUND, [[*TABLES, *VIEWS], list(VIEWS)])}
    changed = [f"table {name} is missing" for name in TABLES if name not in found]
    changed += [f"view {name} is missing" for name in VIEWS if name not in found]
    for name in TABLES.keys() & found.keys():
        columns, _, _, keyed = found[name]
        changed += [f"{name}.{column} is missing" for column in TABLES[name].split() if column not in columns]
        changed += [] if keyed else [f"{name} has no primary key"]
    if changed:
        raise Refused(f"[postgres]: the mart was changed by hand: {', '.join(changed)}; {ANEW}")
    of_others = [f"{name} is {owner}'s" for name, (_, ours, owner, _) in found.items() if not ours]
    if of_others:
        raise Refused(
            f"[postgres]: the publisher must own the mart's tables, but {', '.join(sorted(of_others))}; "
            "GRANT that role to the publisher, or ALTER TABLE … OWNER TO it; nothing was published"
        )
