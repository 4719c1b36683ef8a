"""The rows of ``/users``."""

import datetime
from typing import Any

from demo_api import names, words
from demo_api.draws import Column, column, pick
from demo_api.population import user_arrivals
from demo_api.taste import CLUSTERS
from demo_api.times import stamps

# Households: some share last name and e-mail with the user before them.
SHARED_EMAIL = 0.015

Row = dict[str, Any]


def user_rows(seed: int, as_of: datetime.date, clusters: Column) -> list[Row]:
    """All users at the end of a day, in the order of ids, before any is spoiled.

    Args:
        clusters: two indexes into CLUSTERS of each user, shape (users, 2).
    """
    chances = [
        column(seed, f"user {what}", len(clusters)).tolist()
        for what in ("gender", "first name", "last name", "household", "genres")
    ]
    created, updated = stamps(seed, "user", user_arrivals(as_of))
    rows: list[Row] = []
    for number, (gender, first, last, household, genres) in enumerate(zip(*chances, strict=True)):
        kind = names.gender(gender)
        first_name, last_name = pick(names.GIVEN_NAMES[kind], first), pick(words.LAST_NAMES, last)
        email = names.email(first_name, last_name, number + 1)
        if rows and household < SHARED_EMAIL:
            last_name, email = rows[-1]["last_name"], rows[-1]["email"]
        rows.append(
            {
                "id": number + 1,
                "first_name": first_name,
                "last_name": last_name,
                "email": email,
                "gender": names.GENDERS[kind],
                "favorite_genres": _favorites(clusters[number].tolist(), genres),
                "created_at": created[number],
                "updated_at": updated[number],
            }
        )
    return rows


def _favorites(clusters: list[int], chance: float) -> str:
    """The main genres of the user's clusters, and for most a finer one of the first."""
    main = [CLUSTERS[index][0] for index in clusters]
    finer = [CLUSTERS[clusters[0]][1 + int((chance - 0.25) * 4)]] if chance >= 0.25 else []
    return ", ".join(main + finer)
