"""What counts as a play, and what is popular: said once, as SQL that Spark, DataFusion and PostgreSQL all run."""

import datetime

from conf.sql_text import literal, midnight

MOST_POPULAR_FIRST = "recent DESC, ever DESC, track_id"
POPULAR = 200  # tracks of the popular list


def current_plays(listens: str, columns: str = "user_id, track_id, listened_at", where: str = "true") -> str:
    """Plays of the latest version of each history row (user_id, listened_at) among the rows that ``where`` leaves.

    Args:
        listens: a relation with the columns of the table ``listens``.
    """
    return f"""
    SELECT {columns} FROM (
      SELECT *, max(updated_at) OVER (PARTITION BY user_id, listened_at) AS newest FROM {listens} WHERE {where}
    ) AS versions WHERE updated_at = newest
    """  # noqa: S608 - names and values are the project's own


def known_by(date: datetime.date) -> str:
    """Of ``listens``: known, and heard, by the end of a date."""
    end = midnight(date + datetime.timedelta(days=1))
    return f"first_seen <= {literal(date)} AND listened_at < {literal(end)}"


def play_counts(plays: str, date: datetime.date, days: int) -> str:
    """By track_id: ``recent``, the plays in the last ``days`` days up to and including ``date``, and ``ever``, all plays.

    Args:
        plays: a relation with track_id and listened_at, of plays up to the end of the date.
    """
    since = literal(midnight(date - datetime.timedelta(days=days - 1)))
    return f"""
    SELECT track_id, count(CASE WHEN listened_at >= {since} THEN 1 END) AS recent, count(*) AS ever
    FROM {plays} GROUP BY track_id
    """  # noqa: S608 - names and values are the project's own
