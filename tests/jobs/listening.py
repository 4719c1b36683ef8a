"""Users with histories for the tests of lists, from plain lists of Python."""

import pyarrow as pa

from jobs.recommendation.user_pairs import UserPairs, user_pairs_of

SCHEMA = pa.schema(
    [
        ("user_id", pa.int64()),
        ("genres", pa.string()),
        ("track_id", pa.int64()),
        ("plays", pa.int32()),
        ("weight", pa.float32()),
        ("hidden", pa.bool_()),
        ("piece", pa.binary()),
    ]
)


def rows(users: dict, pairs: list) -> list[dict]:
    """``users``: favourite genres by user_id; ``pairs``: user_id, track_id, plays, hidden. Plays are the weight."""
    names = ("user_id", "track_id", "plays", "hidden")
    found = [dict(zip(names, pair, strict=True), weight=pair[2]) for pair in pairs]
    return [{"user_id": user, "genres": genres} for user, genres in users.items()] + found


def listeners(users: dict, pairs: list) -> UserPairs:
    return user_pairs_of(pa.Table.from_pylist(rows(users, pairs), schema=SCHEMA))
